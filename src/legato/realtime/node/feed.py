"""One channel on this node: its subscribers, and how far its stream has come here.

All live subscribers of a channel stand at the same position, that of the feed. So a
gap is found once per publication and not once per subscriber, and delivering to a
thousand of them is a loop over outboxes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from legato.realtime.node.outbox import Outbox
from legato.realtime.node.subscriber import Subscriber, Verdict
from legato.realtime.protocol.framing import Format
from legato.realtime.protocol.messages import Publication, StreamPosition

__all__ = ["Feed"]


class Feed:
    """The subscribers of one channel.

    Attributes:
        announced: True while the broker announces the channel here.
        lock: Held while the broker is asked to begin or end announcing.
        live: Subscribers at the feed's position, by the format they receive.
        pending: Subscribers that join, or are ahead of the feed.
    """

    __slots__ = ("_epoch", "_offset", "announced", "live", "lock", "pending")

    def __init__(self) -> None:
        self.announced = False
        self.lock = asyncio.Lock()
        self.live: dict[Format, dict[Outbox, Subscriber]] = {}
        self.pending: set[Subscriber] = set()
        self._offset = 0
        self._epoch = ""

    def __bool__(self) -> bool:
        """False when nobody is left."""
        return bool(self.live or self.pending)

    def join(self, subscriber: Subscriber) -> None:
        """Buffer publications for ``subscriber`` from now on."""
        subscriber.start_buffering()
        self.pending.add(subscriber)

    def go_live(self, subscriber: Subscriber, position: StreamPosition | None) -> None:
        """Deliver to ``subscriber`` what comes after ``position``.

        Without a position (a channel that keeps no history) delivery just begins.
        Must be called without an await since ``Subscriber.take_buffer``.
        """
        self.pending.discard(subscriber)
        if position is None:
            subscriber.take_buffer()
            self._add_live(subscriber)
            return
        subscriber.commit(position)
        if not self._epoch:
            self._epoch, self._offset = position.epoch, position.offset
        if self._is_level_with(subscriber):
            self._add_live(subscriber)
        else:
            self.pending.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        self.pending.discard(subscriber)
        format = subscriber.outbox.format
        outboxes = self.live.get(format)
        if outboxes is None:
            return
        outboxes.pop(subscriber.outbox, None)
        if not outboxes:
            del self.live[format]

    def advance(self, publication: Publication, epoch: str) -> Verdict:
        """Move to a publication's position and judge it for the live subscribers."""
        offset = publication.offset
        if offset == 0:
            return Verdict.DELIVER
        known, expected = self._epoch, self._offset + 1
        if epoch == known and offset < expected:
            return Verdict.DROP
        self._epoch, self._offset = epoch, offset
        if not known or (epoch == known and offset == expected):
            return Verdict.DELIVER
        return Verdict.INSUFFICIENT

    def settle(self) -> None:
        """Make live whoever was ahead and has now been caught up with."""
        for subscriber in list(self.pending):
            if not subscriber.joining and self._is_level_with(subscriber):
                self.pending.discard(subscriber)
                self._add_live(subscriber)

    def subscribers(self) -> Iterator[Subscriber]:
        """The live ones."""
        for outboxes in self.live.values():
            yield from outboxes.values()

    def _is_level_with(self, subscriber: Subscriber) -> bool:
        return (self._epoch, self._offset) == (subscriber.epoch, subscriber.offset)

    def _add_live(self, subscriber: Subscriber) -> None:
        outboxes = self.live.setdefault(subscriber.outbox.format, {})
        outboxes[subscriber.outbox] = subscriber
