"""What the node needs of a broker, with the guarantees it may rely on."""

from __future__ import annotations

import abc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from legato.realtime.protocol.messages import Publication, StreamPosition

__all__ = ["Broker", "Deliver", "HistoryPage", "Published", "Retention"]

Deliver = Callable[[str, Publication, str], None]
"""Called with (channel, publication, epoch) for each announced publication."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a channel is kept.

    Attributes:
        size: Publications at most; 0 keeps none, and publications have no offset.
        ttl: Seconds since the last publication until all are forgotten.
    """

    size: int = 0
    ttl: float = 0.0

    @property
    def keeps_history(self) -> bool:
        return self.size > 0 and self.ttl > 0


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publication.

    Attributes:
        position: Where it stands, or None where no history is kept.
        repeated: True when the idempotency key was known: nothing was published,
            and ``position`` is that of the first time.
    """

    position: StreamPosition | None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Publications and the top of the stream, read in one snapshot."""

    publications: list[Publication]
    top: StreamPosition


class Broker(abc.ABC):
    """Appends publications to channels and announces them to the nodes.

    Guarantees: appending and announcing are atomic, so every node sees the
    publications of a channel in offset order; each is announced at most once.
    Offsets start at 1 and grow by 1 within an epoch. A new epoch means that
    offsets cannot be compared with those before.

    Attributes:
        reaches_other_processes: False when publications stay in this process.
        counters: What the broker's bounds made it drop, by name.
        connected: True while it can be published to and announces what is.
    """

    reaches_other_processes: ClassVar[bool] = True

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.connected = True

    @abc.abstractmethod
    async def start(self, deliver: Deliver) -> None:
        """Begin to announce; ``deliver`` runs on this loop and must not block."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Release everything; the broker is not used again."""

    @abc.abstractmethod
    async def subscribe(self, channel: str) -> None:
        """Have the channel announced here; effective once this returns."""

    @abc.abstractmethod
    async def unsubscribe(self, channel: str) -> None:
        """The channel needs no announcements here any more."""

    @abc.abstractmethod
    async def publish(
        self,
        channel: str,
        publication: Publication,
        retention: Retention,
        idempotency_key: str = "",
    ) -> Published:
        """Append ``publication`` (its offset is assigned here) and announce it.

        A key that was used on this channel within the last 300 s publishes nothing.
        """

    @abc.abstractmethod
    async def history(
        self,
        channel: str,
        *,
        since: StreamPosition | None = None,
        limit: int = 0,
        reverse: bool = False,
    ) -> HistoryPage:
        """At most ``limit`` publications, and the top; 0 reads the top alone.

        Oldest first and after ``since``, or newest first and before it. Where the
        stream starts later than ``since``, it begins with the oldest kept. A channel
        without a stream gets one, so the top always has an epoch.

        Raises:
            UnrecoverablePosition: ``since`` names another epoch.
        """

    @abc.abstractmethod
    async def remove_history(self, channel: str) -> None:
        """Forget the publications; the top stays."""
