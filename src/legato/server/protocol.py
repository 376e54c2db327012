"""A WebSocket class for uvicorn that takes finished frames.

Use it with ``manage.py serve``, or with uvicorn's own command::

    uvicorn --ws legato.server.protocol:WebSocketProtocol project.asgi:application

It is uvicorn's class in all but these points:

- It offers the raw-frame extension (``legato.realtime.transports.base``).
- A peer that does not answer a close is cut after 5 s, even with data unsent.
- Pings of a peer that does not read are not answered, which would fill memory.
- A message may come in at most 1,024 fragments, and as many messages may wait.
- An empty ``Sec-WebSocket-Protocol`` header, which the Python SDK sends, is no error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from websockets.frames import Frame
from websockets.http11 import Request

from legato.realtime.node.outbox import Outbox
from legato.realtime.transports.base import CLOSE_TIMEOUT, RAW_FRAMES
from legato.server.inbox import Inbox

__all__ = ["WebSocketProtocol"]

MAX_FRAGMENTS = 1024
MAX_WAITING = 1024
"""Messages that may wait to be read by the application."""

MAX_UNREAD = 65_536
"""Bytes that may wait unsent; above it pings get no pong."""

MESSAGE_TOO_BIG = 1009  # RFC 6455 section 7.4.1
TOO_MANY_REQUESTS = (3013, "too many requests")


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol with the raw-frame extension."""

    _outbox: Outbox | None = None
    _backlog: bytes | bytearray = b""
    _on_violation: Callable[[int, str], None] | None = None
    _on_shutdown: Callable[[], None] | None = None

    # ── the raw-frame extension ─────────────────────────────────────────────

    def take_over(
        self,
        outbox: Outbox,
        *,
        max_message_size: int,
        on_violation: Callable[[int, str], None],
        on_shutdown: Callable[[], None],
    ) -> None:
        """See ``RawFrames``."""
        self.conn.max_message_size = max_message_size
        self.transport.set_write_buffer_limits(high=min(outbox.limit // 4, MAX_UNREAD))
        self._outbox = outbox
        self._on_violation = on_violation
        self._on_shutdown = on_shutdown
        # The realtime protocol has pings of its own.
        self.stop_keepalive()
        self._slim_down()

    @property
    def write(self) -> Callable[[bytes], None]:
        """The transport's own, so that nothing stands between it and a fan-out."""
        return self.transport.write

    def buffer_size(self) -> int:
        return self.transport.get_write_buffer_size() + len(self._backlog)

    async def drain(self) -> None:
        await self.writable.wait()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; the peer has 5 s to read it and to answer."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self._write_backlog()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": code, "reason": reason}
        )
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._abort_later()

    # ── what the transport calls ────────────────────────────────────────────

    def pause_writing(self) -> None:
        super().pause_writing()
        outbox = self._outbox
        if outbox is not None and not outbox.closed:
            # A write that has to wait costs uvloop 1.2 KB, however small it is. So
            # what comes now is collected, and written at once when there is room.
            self._backlog = bytearray()
            outbox.write = self._backlog.extend
            outbox.behind = True

    def resume_writing(self) -> None:
        super().resume_writing()
        outbox = self._outbox
        if outbox is not None and not outbox.closed:
            outbox.behind = False
            outbox.write = self.transport.write
            self._write_backlog()  # last, for it may pause again

    def connection_lost(self, exc: Exception | None) -> None:
        self._backlog = b""
        self._stop_frames()
        super().connection_lost(exc)

    # ── where uvicorn's class is too trusting ───────────────────────────────

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception as error:
            # Past uvicorn, which would keep the connection for ever. No traceback,
            # for the peer decides how often this happens.
            self.logger.warning("A WebSocket connection failed: %r", error)
            self.transport.abort()

    def handle_connect(self, event: Request) -> None:
        header = "Sec-WebSocket-Protocol"
        offered = event.headers.get_all(header)
        if offered and not "".join(offered).strip():
            del event.headers[header]
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[RAW_FRAMES] = {"connection": self}

    def handle_ping(self) -> None:
        if self.buffer_size() > MAX_UNREAD:
            # RFC 6455 section 5.5.3 lets a later pong answer for earlier pings.
            self.conn.data_to_send()
        else:
            super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self.fail(MESSAGE_TOO_BIG, "too many fragments")
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        # One read may hold thousands of tiny messages, all queued at once.
        if isinstance(self.queue, Inbox) and len(self.queue) >= MAX_WAITING:
            self.fail(*TOO_MANY_REQUESTS)
        else:
            super().send_receive_event_to_app()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._abort_later()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._abort_later()
        if self._on_violation is not None and self.conn.close_sent is not None:
            # What still waits to be read counts no more.
            self._on_violation(self.conn.close_sent.code, self.conn.close_sent.reason)

    def eof_received(self) -> None:
        # The transport closes when everything is sent, which may be never.
        self._abort_later()

    def fail(self, code: int, reason: str) -> None:
        """End the connection over what the peer did."""
        self.frames = []
        if not self.close_sent and self.conn.close_rcvd is None:
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    def shutdown(self) -> None:
        if self.transport.is_closing():
            self._abort_later()
        elif self._on_shutdown is None:
            super().shutdown()
            self._abort_later()
        elif not self.close_sent:
            self._on_shutdown()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.close_sent:
            self._abort_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if self.close_timer is None:
            self._abort_later()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.close":
            self._abort_later()

    # ── inside ──────────────────────────────────────────────────────────────

    def _abort_later(self) -> None:
        """Whatever happens, the socket is gone in 5 s: data unsent included."""
        self._stop_frames()
        if self.disconnected:
            return
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    def _write_backlog(self) -> None:
        backlog, self._backlog = bytes(self._backlog), b""
        if backlog:
            self.transport.write(backlog)

    def _stop_frames(self) -> None:
        if self._outbox is not None:
            self._outbox.abandon()

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
