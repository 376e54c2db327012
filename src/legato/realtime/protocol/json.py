"""The JSON encoding: one object a message, messages separated by a newline."""

from __future__ import annotations

import msgspec

from legato.realtime.protocol.codes import DisconnectCode
from legato.realtime.protocol.messages import Command, Reply

__all__ = ["JSON", "JsonCodec"]


class JsonCodec:
    """Commands from text, replies to bytes."""

    ping = b"{}"
    separator = b"\n"

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Command).decode
        self._encode = msgspec.json.Encoder().encode

    def decode(self, message: bytes | str) -> list[Command]:
        """The commands of one transport message, in order.

        A single trailing newline is tolerated, a blank line is not.

        Raises:
            Disconnect: 3501, anything here that is not a command.
        """
        try:
            # Embedded payloads travel on undecoded, so nothing downstream would
            # notice invalid UTF-8 before it reached other clients.
            text = message if isinstance(message, str) else message.decode()
            lines = text.removesuffix("\n").split("\n")
            return [self._decode(line) for line in lines]
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            # RecursionError: JSON nested beyond the interpreter's limit.
            raise DisconnectCode.BAD_REQUEST.disconnect() from None

    def encode(self, reply: Reply) -> bytes:
        """One message, without a separator."""
        return self._encode(reply)


JSON = JsonCodec()
"""The codec is stateless, so one serves every connection."""
