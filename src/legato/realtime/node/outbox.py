"""What waits to be written to one connection, and the one write it becomes.

Frames queued during a turn of the event loop leave together at its end: one system
call a connection, however many replies and publications there were. The bound covers
the frames waiting here and those the transport still holds, so a client that does
not read costs at most that much memory and is then cut off; it recovers when it
comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from legato.realtime.protocol.framing import Format

__all__ = ["Flusher", "Outbox", "Sink"]

logger = logging.getLogger("legato.node")


class Sink(Protocol):
    """Where an outbox writes: the sending half of a transport."""

    def write(self, frames: list[bytes]) -> int:
        """Take the frames for sending, in order; never blocks.

        The list stays the caller's. Returns what ``buffer_size`` then would.
        """

    def buffer_size(self) -> int:
        """Bytes taken and not yet handed to the operating system."""

    async def drain(self) -> None:
        """Wait until the transport has room again, or is gone."""

    def close(self, code: int, reason: str) -> None:
        """End the connection; what was taken before goes out first if it can."""


class Flusher:
    """Writes all outboxes that got something, once at the end of the loop's turn."""

    __slots__ = ("_dirty", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._dirty: list[Outbox] = []

    def add(self, outbox: Outbox) -> None:
        """Have ``outbox`` written; it must not be waiting already."""
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty.append(outbox)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for outbox in dirty:
            try:
                outbox.flush()
            except Exception:
                logger.exception("A transport failed; its connection ends.")
                outbox.overflow()


class Outbox:
    """The queue of one connection.

    Args:
        format: How messages for this connection look; shared by many.
        limit: Bytes that may wait, here and in the transport.
        on_overflow: Called once, when the limit is passed, possibly in the middle of a
            fan-out; it must arrange for ``close`` to be called a little later.
    """

    __slots__ = (
        "_flusher",
        "_frames",
        "_limit",
        "_on_overflow",
        "_sink",
        "_size",
        "_write",
        "closed",
        "format",
    )

    def __init__(
        self,
        format: Format,
        sink: Sink,
        flusher: Flusher,
        *,
        limit: int,
        on_overflow: Callable[[], None],
    ) -> None:
        self.format = format
        self.closed = False
        self._sink = sink
        self._write = sink.write
        self._flusher = flusher
        self._limit = limit
        self._on_overflow = on_overflow
        self._frames: list[bytes] = []
        self._size = 0

    def push(self, frame: bytes) -> None:
        """Queue one frame in this outbox's format; nothing happens once closed."""
        if self.closed:
            return
        frames = self._frames
        if not frames:
            self._flusher.add(self)
        frames.append(frame)
        self._size += len(frame)
        if self._size > self._limit:
            self.overflow()

    def flush(self) -> None:
        """Hand the waiting frames to the transport as one write."""
        if self.closed or not self._frames:
            return
        self._size = 0
        buffered = self._write(self._frames)
        self._frames.clear()
        if buffered > self._limit:
            self.overflow()

    async def drain(self) -> None:
        """Wait while more than a quarter of the limit waits for the client to read."""
        if self._size + self._sink.buffer_size() > self._limit // 4:
            self.flush()
            await self._sink.drain()

    def close(self, code: int, reason: str, *, flush: bool) -> None:
        """End the connection; without ``flush`` what waits here is dropped."""
        if flush:
            self.flush()
        self.abandon()
        self._sink.close(code, reason)

    def abandon(self) -> None:
        """Drop what waits and take nothing more."""
        self.closed = True
        self._frames.clear()

    def overflow(self) -> None:
        """Give up on this connection; the others are not concerned."""
        self.abandon()
        self._on_overflow()
