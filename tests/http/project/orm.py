"""Ordinary views that use the session, the user and the ORM."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from tests.http.project.steering import gates, note

User = get_user_model()


def where() -> tuple[str, int]:
    """The thread that this runs on and the PostgreSQL process that serves it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return threading.current_thread().name, cursor.fetchone()[0]


awhere = sync_to_async(where)


def lock(key: int) -> None:
    """Wait within the database until the test gives up its lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [key])


def orm(request: HttpRequest) -> JsonResponse:
    name = request.user.get_username()
    count = request.session["count"] = request.session.get("count", 0) + 1
    if "lock" in request.GET:
        lock(int(request.GET["lock"]))
    assert User.objects.count() > 0
    thread, backend = where()
    return JsonResponse(
        {"user": name, "count": count, "thread": thread, "backend": backend}
    )


async def aorm(request: HttpRequest) -> JsonResponse:
    name = (await request.auser()).get_username()
    count = await request.session.aget("count", 0) + 1
    await request.session.aset("count", count)
    if "lock" in request.GET:
        await sync_to_async(lock)(int(request.GET["lock"]))
    assert await User.objects.acount() > 0
    thread, backend = await awhere()
    return JsonResponse(
        {"user": name, "count": count, "thread": thread, "backend": backend}
    )


async def one_place(request: HttpRequest) -> JsonResponse:
    """Where several steps of one request ran, awaits of other kinds between them."""
    places = [await awhere()]
    user = await request.auser()
    places.append(await awhere())
    await asyncio.sleep(0)
    async for _ in User.objects.filter(username=user.get_username()):
        places.append(await awhere())
    places.append(await awhere())
    return JsonResponse({"places": places})


async def roll_back(request: HttpRequest, name: str) -> HttpResponse:
    """A transaction over several hops, by hand, and left without its autocommit."""
    await sync_to_async(lambda: connection.set_autocommit(False))()
    await User.objects.acreate(username=name)
    assert await User.objects.filter(username=name).aexists()
    await sync_to_async(lambda: connection.rollback())()
    return HttpResponse(status=204)


async def atomic(request: HttpRequest, name: str) -> HttpResponse:
    """``?end=`` says how it ends: "error" is undone, "never" does not end at all."""
    block = transaction.atomic()
    await sync_to_async(block.__enter__)()
    await User.objects.acreate(username=name)
    if request.GET.get("end") == "never":
        return HttpResponse(status=204)
    kind = ZeroDivisionError if request.GET.get("end") == "error" else None
    await sync_to_async(block.__exit__)(kind, kind and kind(), None)
    return HttpResponse(status=204)


async def exists(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse(
        {
            "exists": await User.objects.filter(username=name).aexists(),
            "autocommit": await sync_to_async(lambda: connection.get_autocommit())(),
        }
    )


def cursors(request: HttpRequest) -> JsonResponse:
    """Cursors that are open on the connection of this request."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_cursors")
        return JsonResponse({"cursors": cursor.fetchone()[0]})


def pool_statistics(request: HttpRequest) -> JsonResponse:
    """What psycopg's pool says of itself; this request holds no connection of it."""
    backend: Any = connection
    return JsonResponse(backend.pool.get_stats())


def hold(request: HttpRequest, name: str) -> HttpResponse:
    """Keeps a thread until the test opens the gate."""
    note(name, "held")
    gates[name].wait()
    return HttpResponse(status=204)


urlpatterns = [
    path("sync/orm", orm),
    path("async/orm", aorm),
    path("one-place", one_place),
    path("roll-back/<name>", roll_back),
    path("atomic/<name>", atomic),
    path("exists/<name>", exists),
    path("pool", pool_statistics),
    path("cursors", cursors),
    path("hold/<name>", hold),
]
