"""One connection's place on one channel, from joining to live.

A subscriber of a channel with history goes through three stages::

    JOINING   publications are buffered while the history is read
    AHEAD     the history reached further than this node's feed: publications that
              the reply already covered are dropped, one by one
    LIVE      exactly where the feed is; the feed delivers without asking

The stages are what makes recovery exact: from the first moment in JOINING nothing
passes unseen, and nothing that the reply contained is sent again.
"""

from __future__ import annotations

import enum

from legato.realtime.node.outbox import Outbox
from legato.realtime.protocol.messages import Publication, StreamPosition

__all__ = ["Buffered", "Subscriber", "Verdict"]

Buffered = list[tuple[Publication, str]]
"""Publications with their epoch, in the order they arrived."""


class Verdict(enum.Enum):
    """What to do with a publication for one subscriber."""

    DELIVER = enum.auto()
    DROP = enum.auto()
    INSUFFICIENT = enum.auto()


class Subscriber:
    """An outbox on a channel; subclasses say what losing the position means."""

    __slots__ = ("_buffer", "epoch", "offset", "outbox")

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.offset = 0
        self.epoch = ""
        self._buffer: Buffered | None = None

    @property
    def joining(self) -> bool:
        return self._buffer is not None

    def start_buffering(self) -> None:
        self._buffer = []

    def hold(self, publication: Publication, epoch: str) -> None:
        """Keep a publication until the history has been read."""
        assert self._buffer is not None
        self._buffer.append((publication, epoch))

    def take_buffer(self) -> Buffered:
        """What arrived while joining; buffering ends with this."""
        buffer, self._buffer = self._buffer, None
        return buffer or []

    def judge(self, publication: Publication, epoch: str) -> Verdict:
        """Compare with the own position, and advance it (protocol, section 4.6)."""
        offset = publication.offset
        if offset == 0:
            return Verdict.DELIVER
        if epoch != self.epoch:
            return Verdict.INSUFFICIENT
        if offset <= self.offset:
            return Verdict.DROP
        if offset > self.offset + 1:
            return Verdict.INSUFFICIENT
        self.offset = offset
        return Verdict.DELIVER

    def commit(self, position: StreamPosition) -> None:
        """The reply covers everything up to ``position``."""
        self.offset = position.offset
        self.epoch = position.epoch

    def lose_position(self) -> None:
        """Publications were missed: end the subscription, so that the client recovers.

        Called on the loop, possibly amid a fan-out.
        """
        raise NotImplementedError
