"""The options of a channel, as values."""

from __future__ import annotations

from dataclasses import dataclass

from legato.realtime.broker.base import Retention

__all__ = ["History"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much of a channel is kept for those who were away.

    With history, publications carry offsets, and clients that lost their connection
    get what they missed, or are told that they have to reload.

    Args:
        size: Publications kept at most.
        ttl: Seconds all of them are kept after the last publication.
    """

    size: int
    ttl: float

    def __post_init__(self) -> None:
        if self.size < 1 or self.ttl <= 0:
            raise ValueError(
                f"{self!r} would keep nothing: size must be at least 1 and ttl more"
                " than 0 seconds. For a channel without history leave it out."
            )

    @property
    def retention(self) -> Retention:
        return Retention(self.size, self.ttl)
