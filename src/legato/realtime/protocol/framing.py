"""How messages become bytes on a transport: an encoding and a framing make a format.

Connections of the same format receive the very same bytes, so a publication is
encoded and framed once for all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol

from legato.realtime.protocol.json import JSON
from legato.realtime.protocol.messages import Command, Publication, Push, Reply

__all__ = ["JSON_FRAMES", "JSON_MESSAGES", "Codec", "Format", "text_frame"]

TEXT = 0x81  # FIN and opcode 1, RFC 6455 section 5.2


class Codec(Protocol):
    """An encoding of the protocol."""

    ping: bytes
    separator: bytes

    def decode(self, message: bytes | str) -> list[Command]: ...

    def encode(self, reply: Reply) -> bytes: ...


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket text message in one unmasked frame (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((TEXT, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", TEXT, 126, size) + payload
    return struct.pack("!BBQ", TEXT, 127, size) + payload


def no_frame(payload: bytes) -> bytes:
    """For transports that frame messages themselves."""
    return payload


class Format:
    """An encoding with a framing; compared by identity.

    Args:
        joint: What stands between messages that leave in one write.
    """

    __slots__ = ("codec", "frame", "joint", "ping")

    def __init__(
        self, codec: Codec, frame: Callable[[bytes], bytes], joint: bytes
    ) -> None:
        self.codec = codec
        self.frame = frame
        self.joint = joint
        self.ping = frame(codec.ping)

    def reply(self, reply: Reply) -> bytes:
        return self.frame(self.codec.encode(reply))

    def publication(self, channel: str, publication: Publication) -> bytes:
        push = Push(channel=channel, pub=publication)
        return self.frame(self.codec.encode(Reply(push=push)))


JSON_FRAMES = Format(JSON, text_frame, joint=b"")
"""JSON in WebSocket frames, for servers that take raw frames."""

JSON_MESSAGES = Format(JSON, no_frame, joint=JSON.separator)
"""JSON messages, for servers that build the frames."""
