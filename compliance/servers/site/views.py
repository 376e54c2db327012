"""Views of both kinds that show what reaches them, and what becomes of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)

import legato
from compliance.servers.complaints import MEANT_TO_HAPPEN
from compliance.servers.site import flags
from compliance.servers.site.settings import FOLDER

PIECES = 40
PIECE = b"0123456789abcdef" * 1024
FLOOD = 4_096
"""Pieces, 64 MB in all."""


def describe(request: HttpRequest) -> dict[str, Any]:
    """The request as Django sees it."""
    body = b"" if request.FILES else request.body
    return {
        "method": request.method,
        "path": request.path,
        "path_info": request.path_info,
        "script_name": request.META.get("SCRIPT_NAME", ""),
        "query": {name: request.GET.getlist(name) for name in request.GET},
        "form": request.POST.dict(),
        "files": {
            name: [[file.name, file.size, digest(file.read())] for file in files]
            for name, files in request.FILES.lists()
        },
        "headers": dict(request.headers),
        "cookies": request.COOKIES,
        "length": len(body),
        "digest": digest(body),
        "client": request.META.get("REMOTE_ADDR"),
        "host": request.get_host(),
        "scheme": request.scheme,
    }


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def echo(request: HttpRequest, rest: str = "") -> JsonResponse:
    return JsonResponse(describe(request))


async def aecho(request: HttpRequest, rest: str = "") -> JsonResponse:
    return JsonResponse(describe(request))


def cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("cookies", headers={"X-Latin": "caf\xe9", "X-Empty": ""})
    response.set_cookie("one", "1")
    response.set_cookie("two", "2; not an attribute", httponly=True)
    response.delete_cookie("three")
    return response


def fails(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(MEANT_TO_HAPPEN)


async def afails(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(MEANT_TO_HAPPEN)


def without_body(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponseNotModified() if status == 304 else HttpResponse(status=status)


def file(request: HttpRequest) -> FileResponse:
    return FileResponse((FOLDER / "big.bin").open("rb"))


async def afile(request: HttpRequest) -> FileResponse:
    return FileResponse((FOLDER / "big.bin").open("rb"))


def stream(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Sends a piece, waits for the flag ``<name>-go``, sends another."""

    def pieces() -> Iterator[bytes]:
        yield b"first;"
        flags.wait_for(f"{name}-go")
        yield b"second;"

    return StreamingHttpResponse(pieces())


async def astream(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """As ``stream``; ``<name>-closed`` tells that it came to an early end."""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"first;"
            await flags.await_flag(f"{name}-go")
            yield b"second;"
        except (GeneratorExit, asyncio.CancelledError):
            flags.set_flag(f"{name}-closed")
            raise

    return StreamingHttpResponse(pieces())


def flood(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """More than any buffer holds.

    ``<name>-sent`` tells that all of it has been taken, ``<name>-over`` that nothing
    more will be. With ``?wait`` it begins after the flag ``<name>-go``.
    """

    def pieces() -> Iterator[bytes]:
        try:
            if "wait" in request.GET:
                yield b"first;"
                flags.wait_for(f"{name}-go")
            for _ in range(FLOOD):
                yield PIECE
            flags.set_flag(f"{name}-sent")
        finally:
            flags.set_flag(f"{name}-over")

    return StreamingHttpResponse(pieces())


async def aflood(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """As ``flood``; it never waits for anything but its client."""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            for _ in range(FLOOD):
                yield PIECE
            flags.set_flag(f"{name}-sent")
        finally:
            flags.set_flag(f"{name}-over")

    return StreamingHttpResponse(pieces())


def many(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(PIECE for _ in range(PIECES))


async def amany(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield PIECE

    return StreamingHttpResponse(pieces())


def breaks(request: HttpRequest) -> StreamingHttpResponse:
    """Fails when the headers have gone already."""

    def pieces() -> Iterator[bytes]:
        yield b"first;"
        raise ZeroDivisionError(MEANT_TO_HAPPEN)

    return StreamingHttpResponse(pieces())


async def abreaks(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first;"
        raise ZeroDivisionError(MEANT_TO_HAPPEN)

    return StreamingHttpResponse(pieces())


async def events(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Three server-sent events, each after the flag ``<name>-<number>``.

    ``<name>-asked`` tells that the server has the head and wants the first piece.
    """

    async def pieces() -> AsyncIterator[str]:
        flags.set_flag(f"{name}-asked")
        for number in range(3):
            await flags.await_flag(f"{name}-{number}")
            yield f"id: {number}\ndata: event {number}\n\n"

    return StreamingHttpResponse(
        pieces(),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def waits(request: HttpRequest, name: str) -> HttpResponse:
    """Goes on after the flag ``<name>-go``."""
    flags.set_flag(f"{name}-began")
    flags.wait_for(f"{name}-go")
    flags.set_flag(f"{name}-ended")
    return HttpResponse("waited")


async def awaits(request: HttpRequest, name: str) -> HttpResponse:
    flags.set_flag(f"{name}-began")
    try:
        await flags.await_flag(f"{name}-go")
    except asyncio.CancelledError:
        flags.set_flag(f"{name}-cancelled")
        raise
    return HttpResponse("waited")


async def flag(request: HttpRequest, name: str) -> HttpResponse:
    """POST sets the flag, GET waits for it, HEAD looks."""
    if request.method == "HEAD":
        return HttpResponse(status=204 if flags.is_set(name) else 404)
    if request.method == "POST":
        flags.set_flag(name)
    else:
        await flags.await_flag(name)
    return HttpResponse(status=204)


async def publish(request: HttpRequest, channel: str) -> HttpResponse:
    await legato.apublish(channel, request.GET.dict())
    return HttpResponse(status=204)
