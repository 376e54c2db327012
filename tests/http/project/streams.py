"""Responses that take long: streams, exports and files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from tests.http.project.models import Entry
from tests.http.project.steering import gates, note

User = get_user_model()

PIECE = 65536


async def tell(name: str) -> AsyncIterator[str]:
    """An event at once, one with a count of users, and one more."""
    try:
        yield "data: begin\n\n"
        await gates[f"{name}-count"].passed()
        found = await User.objects.filter(username="anna").acount()
        yield f"data: {found}\n\n"
        await gates[f"{name}-end"].passed()
        yield "data: end\n\n"
        note(name, "ended")
    except asyncio.CancelledError:
        note(name, "cancelled")
        raise
    finally:
        note(name, "left")


async def answer(name: str) -> AsyncIterator[str]:
    """Keeps what there is of it when its client goes away, as a chat does."""
    try:
        yield "half"
        await gates[name].passed()
    finally:
        await User.objects.acreate(username=name)


def events(request: HttpRequest, name: str) -> StreamingHttpResponse:
    request.session.setdefault("seen", name)
    assert request.user.is_authenticated
    assert User.objects.count() > 0
    return StreamingHttpResponse(tell(name), content_type="text/event-stream")


async def aevents(request: HttpRequest, name: str) -> StreamingHttpResponse:
    await request.session.asetdefault("seen", name)
    assert (await request.auser()).is_authenticated
    assert await User.objects.acount() > 0
    return StreamingHttpResponse(tell(name), content_type="text/event-stream")


def answers(request: HttpRequest, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(answer(name))


async def aanswers(request: HttpRequest, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(answer(name))


def pieces(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """``?count=`` pieces of 64 KiB, each noted when it is made."""

    def produce() -> Iterator[bytes]:
        try:
            for number in range(int(request.GET["count"])):
                note(name, str(number))
                yield number.to_bytes(4, "big") * (PIECE // 4)
        except GeneratorExit:
            note(name, "closed")
            raise
        finally:
            assert User.objects.exists()
            note(name, f"left on {threading.current_thread().name}")

    return StreamingHttpResponse(produce())


def two_pieces(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Between its pieces the generator waits for the gate, on its thread."""

    def produce() -> Iterator[str]:
        try:
            yield "first"
            note(name, "waiting")
            gates[name].wait()
            yield "second"
        finally:
            note(name, "left")

    return StreamingHttpResponse(produce())


def download(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(request.GET["path"]).open("rb"))


def entries(request: HttpRequest) -> QuerySet[Entry]:
    """The first ``?rows=`` of them, or all."""
    rows = request.GET.get("rows")
    return Entry.objects.filter(pk__lte=rows) if rows else Entry.objects.all()


def line(entry: Entry) -> str:
    return f"{entry.pk}:{entry.text}\n"


def export(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Rows from a cursor that stays open on the server."""

    def rows() -> Iterator[Entry]:
        try:
            yield from entries(request).iterator()
        finally:
            note(name, f"left on {threading.current_thread().name}")

    # A map cannot be closed: the generator in it ends when nobody refers to it.
    return StreamingHttpResponse(map(line, rows()))


async def aexport(request: HttpRequest, name: str) -> StreamingHttpResponse:
    async def produce() -> AsyncIterator[str]:
        async for entry in entries(request).aiterator():
            yield line(entry)

    return StreamingHttpResponse(produce())


def export_in_transaction(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Creates the user ``name``, if the stream is read to its end."""

    def produce() -> Iterator[str]:
        with transaction.atomic():
            User.objects.create(username=name)
            for entry in entries(request).iterator():
                yield line(entry)
            assert User.objects.filter(username=name).exists()

    return StreamingHttpResponse(produce())


def export_many_queries(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Rows of queries that are each over before the next piece."""

    def produce() -> Iterator[str]:
        last = 0
        while part := entries(request).filter(pk__gt=last)[:500]:
            yield "".join(map(line, part))
            last += len(part)

    return StreamingHttpResponse(produce())


async def wait(request: HttpRequest, name: str) -> HttpResponse:
    """Waits for the gate, having used the database."""
    await User.objects.acount()
    note(name, "waiting")
    try:
        await gates[name].passed()
    except asyncio.CancelledError:
        note(name, "cancelled")
        raise
    return HttpResponse(status=204)


def upload(request: HttpRequest, name: str) -> HttpResponse:
    files: Any = request.FILES.values()
    size = sum(file.size for file in files) or len(request.body)
    note(name, f"read {size}")
    return HttpResponse(str(size))


async def aupload(request: HttpRequest, name: str) -> HttpResponse:
    """Reads the body, then waits for the gate."""
    await sync_to_async(upload)(request, name)
    return await wait(request, name)


urlpatterns = [
    path("sync/events/<name>", events),
    path("async/events/<name>", aevents),
    path("sync/answers/<name>", answers),
    path("async/answers/<name>", aanswers),
    path("pieces/<name>", pieces),
    path("two-pieces/<name>", two_pieces),
    path("download", download),
    path("export/<name>", export),
    path("async-export/<name>", aexport),
    path("transaction-export/<name>", export_in_transaction),
    path("queries-export/<name>", export_many_queries),
    path("wait/<name>", wait),
    path("upload/<name>", upload),
    path("async-upload/<name>", aupload),
]
