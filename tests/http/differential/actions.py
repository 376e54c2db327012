"""What middleware and views do besides answering, for sync and for async code.

An action is a name. Both forms of one leave the same notes where middleware that runs
either way may use it (``PLAIN``); the others differ, as sync and async code does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import alogin, alogout, login, logout
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import translation

from tests.http.differential import bridges
from tests.http.differential.errors import raise_error
from tests.http.differential.journal import Runs, current, note
from tests.http.differential.site import next_number

__all__ = ["ACTIONS", "BLOCK_ON_PURPOSE", "PLAIN", "act", "perform"]

BACKEND = "django.contrib.auth.backends.ModelBackend"
OTHER_URLS = "tests.http.differential.other_urls"


def act(actions: tuple[str, ...], request: Any, runs: Runs) -> HttpResponse | None:
    """Do everything in sync code; a response if an action says so."""
    for action in actions:
        if action == "respond":
            return HttpResponse("answered early")
        raise_error(action)
        if action in SYNC:
            SYNC[action](request, runs)
    return None


async def perform(
    actions: tuple[str, ...], request: Any, runs: Runs
) -> HttpResponse | None:
    """Do everything in async code."""
    for action in actions:
        if action == "respond":
            return HttpResponse("answered early")
        raise_error(action)
        if action in ASYNC:
            await ASYNC[action](request, runs)
        elif action in NEVER_BLOCK:
            SYNC[action](request, runs)
        elif action in SYNC:
            await sync_to_async(SYNC[action])(request, "thread")
    return None


def query(request: HttpRequest, runs: Runs) -> None:
    note(f"{Group.objects.count()} groups", runs)


async def aquery(request: HttpRequest, runs: Runs) -> None:
    note(f"{await Group.objects.acount()} groups", runs)


def write(request: HttpRequest, runs: Runs) -> None:
    Group.objects.create(name=f"group {next_number()}")


async def awrite(request: HttpRequest, runs: Runs) -> None:
    await Group.objects.acreate(name=f"group {next_number()}")


def write_and_undo(request: HttpRequest, runs: Runs) -> None:
    with transaction.atomic():
        write(request, runs)
        try:
            with transaction.atomic():
                write(request, runs)
                raise LookupError
        except LookupError:
            query(request, runs)


def write_on_commit(request: HttpRequest, runs: Runs) -> None:
    with transaction.atomic():
        write(request, runs)
        transaction.on_commit(lambda: note("committed", runs))


def read_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        note(f"session {request.session.get('n')}", runs)


async def aread_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        note(f"session {await request.session.aget('n')}", runs)


def write_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        request.session["n"] = request.session.get("n", 0) + 1


async def awrite_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        n = await request.session.aget("n", 0)
        await request.session.aset("n", n + 1)


def flush_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        request.session.flush()


async def aflush_session(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        await request.session.aflush()


def touch_user(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "user"):
        note(f"user {request.user.get_username()}", runs)


async def atouch_user(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "auser"):
        note(f"user {(await request.auser()).get_username()}", runs)


def sign_in(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        login(request, User.objects.get(), BACKEND)


async def asign_in(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        await alogin(request, await User.objects.aget(), BACKEND)


def sign_out(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        logout(request)


async def asign_out(request: HttpRequest, runs: Runs) -> None:
    if hasattr(request, "session"):
        await alogout(request)


def add_message(request: HttpRequest, runs: Runs) -> None:
    messages.info(request, f"message {next_number()}", fail_silently=True)


def read_messages(request: HttpRequest, runs: Runs) -> None:
    texts = [str(message) for message in messages.get_messages(request)]
    note(f"messages {texts}", runs)


def read_post(request: HttpRequest, runs: Runs) -> None:
    files: dict[str, Any] = request.FILES.dict()
    for name, file in files.items():
        current().expect_closed(f"upload {name}", file)
    sizes = {name: file.size for name, file in files.items()}
    note(f"POST {request.POST.dict()} {sizes}", runs)


def read_body(request: HttpRequest, runs: Runs) -> None:
    note(f"body of {len(request.body)} bytes", runs)


def make_token(request: HttpRequest, runs: Runs) -> None:
    note(f"token of {len(get_token(request))} characters", runs)


def speak_german(request: HttpRequest, runs: Runs) -> None:
    translation.activate("de")


def change_urlconf(request: Any, runs: Runs) -> None:
    request.urlconf = OTHER_URLS


def change_path(request: HttpRequest, runs: Runs) -> None:
    request.path_info = "/other/"


SYNC: dict[str, Callable[[Any, Runs], None]] = {
    "query": query,
    "write": write,
    "write and undo": write_and_undo,
    "write on commit": write_on_commit,
    "read session": read_session,
    "write session": write_session,
    "flush session": flush_session,
    "touch user": touch_user,
    "touch lazy user": touch_user,
    "touch lazy session": read_session,
    "sign in": sign_in,
    "sign out": sign_out,
    "add message": add_message,
    "read messages": read_messages,
    "read POST": read_post,
    "read body": read_body,
    "make token": make_token,
    "speak German": speak_german,
    "change urlconf": change_urlconf,
    "change path": change_path,
    **bridges.SYNC,
}

ASYNC: dict[str, Callable[[Any, Runs], Awaitable[None]]] = {
    "query": aquery,
    "write": awrite,
    "read session": aread_session,
    "write session": awrite_session,
    "flush session": aflush_session,
    "touch user": atouch_user,
    "sign in": asign_in,
    "sign out": asign_out,
    **bridges.ASYNC,
}

NEVER_BLOCK = {
    "touch lazy user",
    "touch lazy session",
    "read POST",
    "read body",
    "make token",
    "speak German",
    "change urlconf",
    "change path",
}
"""Sync actions that async code calls as they are. The lazy ones are refused on a loop
unless something has loaded what they touch. Reading a body on disk does block; async
views do it all the same."""

ACTIONS = tuple(SYNC)

PLAIN = (
    "query",
    "write",
    "read session",
    "write session",
    "speak German",
    "change urlconf",
    "change path",
)
"""Actions whose notes are the same in sync and in async code."""

BLOCK_ON_PURPOSE = ("read_post", "read_body")
"""Functions of this file that block the loop when async code calls them."""
