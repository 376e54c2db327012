"""A response as ASGI messages."""

from __future__ import annotations

from collections.abc import Iterator

from django.http.response import HttpResponseBase

from legato.types import Message

__all__ = ["body_messages", "start_message"]

CHUNK_SIZE = 65_536
"""Bytes of body in one message: a slow client then stalls its own response only."""


def start_message(response: HttpResponseBase) -> Message:
    """Status and headers; names keep the case they were given, as in Django."""
    headers = [
        (name.encode("ascii"), value.encode("latin-1"))
        for name, value in response.items()
    ]
    for cookie in response.cookies.values():
        headers.append((b"Set-Cookie", cookie.OutputString().encode("ascii")))
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers,
    }


def body_messages(body: bytes, *, more_body: bool = False) -> Iterator[Message]:
    """``body`` in chunks; ``more_body`` is for the last of them."""
    last = max(len(body) - 1, 0) // CHUNK_SIZE * CHUNK_SIZE
    for position in range(0, last + 1, CHUNK_SIZE):
        yield {
            "type": "http.response.body",
            "body": body[position : position + CHUNK_SIZE],
            "more_body": more_body or position < last,
        }
