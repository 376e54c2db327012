"""The raw-frame extension, which a server may offer to the transports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from legato.realtime.node.outbox import Outbox, Sink

__all__ = ["CLOSE_TIMEOUT", "RAW_FRAMES", "RawFrames"]

CLOSE_TIMEOUT = 5.0
"""Seconds a peer has to answer a close frame before its socket is cut."""

RAW_FRAMES = "legato.raw_frames"
"""The ASGI extension: ``scope["extensions"][RAW_FRAMES]["connection"]``.

A server that offers it lets the application write finished WebSocket frames past
``send``, once the handshake is accepted. Receiving stays as ASGI has it.
"""


class RawFrames(Sink, Protocol):
    """A server's WebSocket connection that takes finished frames."""

    def take_over(
        self,
        outbox: Outbox,
        *,
        max_message_size: int,
        on_violation: Callable[[int, str], None],
        on_shutdown: Callable[[], None],
    ) -> None:
        """Write frames from now on; to be called after ``websocket.accept``.

        Args:
            outbox: Told when the transport falls behind, and when it is gone.
            max_message_size: Bytes a message of the client may have; a larger one
                closes the connection with 1009.
            on_violation: Called with code and reason when the client has broken the
                rules of WebSocket and the server closes for that.
            on_shutdown: Called when the server stops; it must close the connection.
        """
