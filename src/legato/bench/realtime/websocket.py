"""The client's half of RFC 6455, as far as a counting client needs it.

The crowd has to keep up with servers written to be fast, hence no library: it reads
heads and skips what it need not understand.
"""

from __future__ import annotations

import base64
import os
from typing import NamedTuple

TEXT = 0x1
CLOSE = 0x8
PING = 0x9
PONG = 0xA

_FINAL = 0x80
_MASKED = 0x80
# A mask of zeros leaves the payload as it is; the protocol wants the bit, and nobody
# is attacked here.
_MASK = bytes(4)


class Head(NamedTuple):
    """Where a frame's payload begins and ends."""

    opcode: int
    start: int
    end: int


def upgrade_request(host: str, path: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def client_frame(opcode: int, payload: bytes) -> bytes:
    """One masked frame; the payload is shorter than 65536 bytes."""
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | opcode, _MASKED | size))
    else:
        head = bytes((_FINAL | opcode, _MASKED | 126)) + size.to_bytes(2, "big")
    return head + _MASK + payload


def read_head(data: bytes, at: int) -> Head | None:
    """The head of the server's frame that begins at ``at``, None if it is cut short.

    The frame's payload may still be on its way: ``end`` may lie beyond the data.
    """
    if len(data) - at < 2:
        return None
    size = data[at + 1]
    start = at + 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(data) - start < width:
            return None
        size = int.from_bytes(data[start : start + width], "big")
        start += width
    return Head(data[at] & 0x0F, start, start + size)
