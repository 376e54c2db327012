"""The body of a request, as a file."""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted

from legato.types import Message, Receive

__all__ = ["read_body"]

BLOCK_SIZE = 262_144
"""Bytes that are gathered for the disk: each write takes a hop."""


async def read_body(receive: Receive) -> Any:
    """All of the body: in memory if it came in one message, or else spooled.

    Raises:
        RequestAborted: the client went away before it had sent all of it.
    """
    message = await receive()
    if message.get("more_body", False):
        return await _spool(message, receive)
    _check(message)
    return BytesIO(message.get("body", b""))


async def _spool(message: Message, receive: Receive) -> Any:
    limit = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    body = SpooledTemporaryFile(max_size=limit, mode="w+b")  # noqa: SIM115
    write_to_disk = sync_to_async(body.write, thread_sensitive=False)
    gathered = bytearray()
    size = 0
    try:
        while True:
            _check(message)
            more = message.get("more_body", False)
            gathered += message.get("body", b"")
            if len(gathered) >= BLOCK_SIZE or not more:
                size += len(gathered)
                if limit and size > limit:
                    await write_to_disk(gathered)
                else:
                    body.write(gathered)
                gathered = bytearray()
            if not more:
                break
            message = await receive()
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def _check(message: Message) -> None:
    if message["type"] == "http.disconnect":
        raise RequestAborted
