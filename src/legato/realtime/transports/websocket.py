"""WebSocket: through raw frames where the server offers them, else through ``send``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque

from legato.conf import Settings
from legato.realtime.channels.auth import is_allowed_origin, session_key_of
from legato.realtime.client.connection import Connection
from legato.realtime.node.node import Node
from legato.realtime.node.outbox import Outbox
from legato.realtime.protocol.codes import DisconnectCode
from legato.realtime.protocol.framing import JSON_FRAMES, JSON_MESSAGES
from legato.realtime.transports.base import CLOSE_TIMEOUT, RAW_FRAMES, RawFrames
from legato.types import Receive, Scope, Send

__all__ = ["serve_websocket"]

SUBPROTOCOL = "centrifuge-json"

MESSAGE_TOO_BIG = 1009  # RFC 6455 section 7.4.1

logger = logging.getLogger("legato.transports")

VIOLATIONS = {1002, 1003, 1007, 1008, MESSAGE_TOO_BIG}
"""What a server closes with when a client breaks the rules of WebSocket."""


async def serve_websocket(
    node: Node, settings: Settings, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one WebSocket connection, from the handshake to its end."""
    headers = scope["headers"]
    await receive()  # websocket.connect
    if not is_allowed_origin(headers, secure=scope.get("scheme") == "wss"):
        node.stats.refused_origins += 1
        await send({"type": "websocket.close"})  # before accept: 403
        return
    accept: dict[str, str] = {"type": "websocket.accept"}
    if SUBPROTOCOL in scope.get("subprotocols", ()):
        accept["subprotocol"] = SUBPROTOCOL
    await send(accept)
    session_key = session_key_of(headers)
    del headers  # 3 KB that an idle connection would keep
    extension = scope.get("extensions", {}).get(RAW_FRAMES)
    if extension is None:
        await _serve_messages(node, settings, session_key, receive, send)
    else:
        raw: RawFrames = extension["connection"]
        await _serve_frames(node, settings, session_key, receive, raw)


async def _serve_frames(
    node: Node,
    settings: Settings,
    session_key: str,
    receive: Receive,
    raw: RawFrames,
) -> None:
    connection = Connection(node, settings, JSON_FRAMES, raw, session_key=session_key)
    limit = asyncio.timeout(None)

    def shut_down() -> None:
        if not connection.closed:
            connection.disconnect(DisconnectCode.SHUTDOWN)
            # A hook under way has as long as the peer: the server waits for both.
            limit.reschedule(node.loop.time() + CLOSE_TIMEOUT)

    raw.take_over(
        connection.outbox,
        max_message_size=settings.message_max_size,
        on_violation=connection.close,
        on_shutdown=shut_down,
    )
    await _serve(connection, receive, limit)


async def _serve_messages(
    node: Node, settings: Settings, session_key: str, receive: Receive, send: Send
) -> None:
    limit = asyncio.timeout(None)
    sink = SendSink(send, limit)
    connection = Connection(
        node, settings, JSON_MESSAGES, sink, session_key=session_key
    )
    # How far the server is behind is not to be seen from here.
    connection.outbox.behind = True
    writing = sink.run(connection.outbox)
    writer = node.loop.create_task(writing, name="legato-websocket-writer")
    try:
        await _serve(connection, receive, limit)
    finally:
        writer.cancel()


async def _serve(
    connection: Connection, receive: Receive, limit: asyncio.Timeout
) -> None:
    """Read until the peer is gone or ``limit`` has passed, then end the connection."""
    try:
        async with limit:
            ended_with = await _read(connection, receive)
            # While the limit can still be set, as closing does.
            connection.close(ended_with, DisconnectCode.CONNECTION_CLOSED.reason)
    except TimeoutError:
        if not limit.expired():
            raise
    except asyncio.CancelledError:
        # The server stops, and has waited for this connection as long as it would.
        connection.disconnect(DisconnectCode.SHUTDOWN)
        raise
    finally:
        await connection.end()


async def _read(connection: Connection, receive: Receive) -> int:
    """Hand over message after message until the peer is gone; returns why."""
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            code: int = event.get("code") or 0
            return code if code in VIOLATIONS else DisconnectCode.CONNECTION_CLOSED
        if connection.closed:
            continue  # what still comes in after a close counts no more
        message = event.get("text")
        if message is None:
            message = event["bytes"]
        if _size(message) > connection.settings.message_max_size:
            connection.close(MESSAGE_TOO_BIG, "message too big")
        else:
            await connection.receive(message)


def _size(message: str | bytes) -> int:
    """Bytes, as they came over the wire."""
    if isinstance(message, bytes) or message.isascii():
        return len(message)
    return len(message.encode())


class SendSink:
    """Messages for ``send``, written by one task per connection.

    ASGI's ``send`` waits until the server has room, so what waits here is what the
    client has not read; the outbox bounds it.

    Args:
        limit: Runs around the reading side. Servers differ in how long they wait for
            the answer to a close; from ``close`` on this ends it after 5 s.
    """

    def __init__(self, send: Send, limit: asyncio.Timeout) -> None:
        self._send = send
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._close: tuple[int, str] | None = None
        self._done = False
        self._changed = asyncio.Event()
        self._written = asyncio.Event()

    def write(self, message: bytes) -> None:
        self._waiting.append(message)
        self._size += len(message)
        self._written.clear()
        self._changed.set()

    def buffer_size(self) -> int:
        return self._size

    async def drain(self) -> None:
        if not self._done:
            await self._written.wait()

    def close(self, code: int, reason: str) -> None:
        # An enum will not do: autobahn, which daphne uses, asks for exactly an int.
        self._close = (int(code), reason)
        self._changed.set()
        self._end_soon()

    async def run(self, outbox: Outbox) -> None:
        """Write until closed, or until the peer is gone."""
        try:
            while self._close is None or self._waiting:
                await self._changed.wait()
                self._changed.clear()
                await self._write_all()
            await self._send_close(*self._close)
        except OSError:
            pass  # the peer is gone; the reading side learns of it by itself
        except Exception:
            # Servers differ in what they raise when the peer has gone first.
            level = logging.ERROR if self._close is None else logging.DEBUG
            logger.log(level, "The server would not send.", exc_info=True)
        finally:
            outbox.abandon()
            self._end_soon()
            self._done = True
            self._waiting.clear()
            self._size = 0
            self._written.set()

    async def _send_close(self, code: int, reason: str) -> None:
        try:
            await self._send(
                {"type": "websocket.close", "code": code, "reason": reason}
            )
        except OSError:
            raise
        except Exception:
            # Not every server takes every code.
            await self._send({"type": "websocket.close"})

    def _end_soon(self) -> None:
        """Give the reading side 5 s more, unless it has ended already."""
        with contextlib.suppress(RuntimeError):
            self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_TIMEOUT)

    async def _write_all(self) -> None:
        while self._waiting:
            text = self._waiting[0].decode()
            await self._send({"type": "websocket.send", "text": text})
            self._size -= len(self._waiting.popleft())
        self._written.set()
