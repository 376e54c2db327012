"""What waits to be written to one connection, and the one write it becomes.

Frames queued during a turn of the event loop leave together at its end: one system
call a connection, however many replies and publications there were. The bound covers
the frames waiting here and those the transport still holds, so a client that does
not read costs at most that much memory and is then cut off; it recovers when it
comes back.

Delivering to a thousand connections is a walk through memory, so what counts is how
much of it each delivery touches: one small object here, its transport, and the
frame that all share. The two loops of ``Flusher`` are written out for that reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from legato.realtime.protocol.framing import Format

__all__ = ["Flusher", "Outbox", "Sink"]

logger = logging.getLogger("legato.node")


class Sink(Protocol):
    """Where an outbox writes: the sending half of a transport.

    It sets ``Outbox.behind`` while it holds more than a little, and calls
    ``Outbox.abandon`` when it can take no more.
    """

    @property
    def write(self) -> Callable[[bytes], object]:
        """Takes one message or several frames for sending, in order; never blocks."""

    def buffer_size(self) -> int:
        """Bytes taken and not yet handed to the operating system."""

    async def drain(self) -> None:
        """Wait until the transport has room again, or is gone."""

    def close(self, code: int, reason: str) -> None:
        """End the connection; what was taken before goes out first if it can."""


class Flusher:
    """Writes all outboxes that got something, once at the end of the loop's turn.

    Args:
        limit: Bytes that may wait for one connection, here and in its transport.
    """

    __slots__ = ("_dirty", "_loop", "_queued", "limit")

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int) -> None:
        self.limit = limit
        self._loop = loop
        self._dirty: list[Outbox] = []
        self._queued = 0

    def push(self, outboxes: Iterable[Outbox], frame: bytes) -> None:
        """Queue ``frame`` for each of ``outboxes``, all of its format.

        No outbox waits for more than what all got in this turn. When that reaches a
        quarter of the limit, it is written without waiting for the turn to end.
        """
        dirty = self._dirty
        if not dirty:
            self._loop.call_soon(self.flush)
        for outbox in outboxes:
            waiting = outbox.waiting
            if waiting is None:
                outbox.waiting = frame
                dirty.append(outbox)
            elif waiting.__class__ is list:
                waiting.append(frame)
            else:
                outbox.waiting = [waiting, frame]  # type: ignore[list-item]
        self._queued += len(frame)
        if self._queued > self.limit // 4:
            self.flush()

    def flush(self) -> None:
        """Write everything that waits."""
        dirty, self._dirty, self._queued = self._dirty, [], 0
        for outbox in dirty:
            waiting, outbox.waiting = outbox.waiting, None
            if waiting is None:
                continue  # abandoned meanwhile
            try:
                if waiting.__class__ is list:
                    waiting = outbox.format.joint.join(waiting)
                outbox.write(waiting)  # type: ignore[arg-type]
                if outbox.behind and outbox.buffer_size() > self.limit:
                    outbox.overflow()
            except Exception:
                logger.exception("A transport failed; its connection ends.")
                outbox.overflow()


class Outbox:
    """The queue of one connection.

    Args:
        format: How messages for this connection look; shared by many.
        on_overflow: Called once, when the limit is passed, possibly amid a fan-out;
            it must arrange for ``close`` to be called a little later.

    Attributes:
        waiting: What waits for the end of the turn; the flusher's.
        behind: True while the transport holds more than a little; the limit is
            looked at only then.
        closed: True when nothing more is taken.
    """

    __slots__ = (
        "_flusher",
        "_on_overflow",
        "_sink",
        "behind",
        "closed",
        "format",
        "waiting",
        "write",
    )

    def __init__(
        self,
        format: Format,
        sink: Sink,
        flusher: Flusher,
        *,
        on_overflow: Callable[[], None],
    ) -> None:
        self.format = format
        self.waiting: bytes | list[bytes] | None = None
        self.behind = False
        self.closed = False
        self.write = sink.write
        self._sink = sink
        self._flusher = flusher
        self._on_overflow = on_overflow

    @property
    def limit(self) -> int:
        """Bytes that may wait."""
        return self._flusher.limit

    def push(self, frame: bytes) -> None:
        """Queue one frame in this outbox's format; nothing happens once closed."""
        if not self.closed:
            self._flusher.push((self,), frame)

    def buffer_size(self) -> int:
        """Bytes that the transport holds."""
        return self._sink.buffer_size()

    async def drain(self) -> None:
        """Wait while more than a quarter of the limit waits for the client to read."""
        if self.behind:
            if self.waiting is not None:
                self._flusher.flush()
            if self.buffer_size() > self.limit // 4:
                await self._sink.drain()

    def close(self, code: int, reason: str, *, flush: bool) -> None:
        """End the connection; without ``flush`` what waits here is dropped."""
        if flush and self.waiting is not None:
            self._flusher.flush()
        self.abandon()
        self._sink.close(code, reason)

    def abandon(self) -> None:
        """Drop what waits and take nothing more."""
        self.closed = True
        self.waiting = None
        self.write = _drop

    def overflow(self) -> None:
        """Give up on this connection; the others are not concerned."""
        if not self.closed:
            self.abandon()
            self._on_overflow()


def _drop(frames: bytes) -> None:
    """What a closed outbox writes with: it may still be in a fan-out under way."""
