"""A WebSocket class for uvicorn that takes finished frames.

Use it with ``manage.py serve``, or with uvicorn's own command::

    uvicorn --ws legato.server.protocol:WebSocketProtocol project.asgi:application

It is uvicorn's class in all but these points:

- It offers the raw-frame extension (``legato.realtime.transports.base``).
- A peer that does not answer a close is cut after 5 s, even with data unsent.
- Pings of a peer that reads none of the pongs are answered up to a bound.
- A message may come in at most 1,024 fragments.
- An empty ``Sec-WebSocket-Protocol`` header, which the Python SDK sends, is no error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from websockets.frames import Frame
from websockets.http11 import Request

from legato.realtime.transports.base import CLOSE_TIMEOUT, RAW_FRAMES
from legato.server.inbox import Inbox

__all__ = ["WebSocketProtocol"]

MAX_FRAGMENTS = 1024
MAX_UNREAD_PONGS = 65_536
"""Bytes that may wait unsent when a ping asks for one more pong."""

POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1
MESSAGE_TOO_BIG = 1009


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol with the raw-frame extension."""

    _on_shutdown: Callable[[], None] | None = None

    # ── the raw-frame extension ─────────────────────────────────────────────

    def take_over(
        self, *, max_message_size: int, on_shutdown: Callable[[], None]
    ) -> None:
        """See ``RawFrames``."""
        self.conn.max_message_size = max_message_size
        self._on_shutdown = on_shutdown
        # The realtime protocol has pings of its own.
        self.stop_keepalive()
        self._slim_down()

    def write(self, frames: list[bytes]) -> int:
        """Send finished frames as one write."""
        if self.close_sent or self.disconnected:
            return 0
        transport = self.transport
        if len(frames) == 1:
            transport.write(frames[0])
        else:
            # Not joined: the frames of a fan-out are shared by all receivers.
            transport.writelines(frames)
        return transport.get_write_buffer_size()

    def buffer_size(self) -> int:
        return self.transport.get_write_buffer_size()

    async def drain(self) -> None:
        await self.writable.wait()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; the peer has 5 s to read it and to answer."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._await_close(code, reason)

    # ── where uvicorn's class is too trusting ───────────────────────────────

    def handle_connect(self, event: Request) -> None:
        if not "".join(event.headers.get_all("Sec-WebSocket-Protocol")).strip():
            event.headers.pop("Sec-WebSocket-Protocol", None)
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[RAW_FRAMES] = {"connection": self}

    def handle_ping(self) -> None:
        if self.buffer_size() > MAX_UNREAD_PONGS:
            self.fail(POLICY_VIOLATION, "too many pings")
            return
        super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self.fail(MESSAGE_TOO_BIG, "too many fragments")
            return
        super().handle_cont(event)

    def fail(self, code: int, reason: str) -> None:
        """End the connection at once over what the peer did."""
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def shutdown(self) -> None:
        if self._on_shutdown is None:
            super().shutdown()
        elif not self.close_sent:
            self._on_shutdown()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    # ── inside ──────────────────────────────────────────────────────────────

    def _await_close(self, code: int, reason: str) -> None:
        self.close_sent = True
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": code, "reason": reason}
        )
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    def _slim_down(self) -> None:
        """Give back what an idle connection does not need: 5 of 22 KB."""
        # The parser's generator keeps the request alive, so empty it as well.
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []
        del self.request, self.response
        inbox = Inbox()
        while not self.queue.empty():
            inbox.put_nowait(self.queue.get_nowait())
        self.queue = inbox  # type: ignore[assignment]
