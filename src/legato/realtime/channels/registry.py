"""Every declared channel of the project, and which of them a name belongs to."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from legato.realtime.channels.channel import Channel

__all__ = ["Registry", "registry"]


class Registry:
    """The instances of channel classes, one a class."""

    def __init__(self) -> None:
        self._channels: list[Channel] = []

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels)

    def add(self, channel: Channel) -> None:
        """Declare a channel; one from the same place in the source is replaced."""
        self._channels = [
            known for known in self._channels if _path(known) != _path(channel)
        ]
        self._channels.append(channel)

    def remove(self, channel: Channel) -> None:
        self._channels.remove(channel)

    def resolve(self, name: str) -> tuple[Channel, dict[str, Any]] | None:
        """The channel that ``name`` belongs to and its typed parts, or None."""
        for channel in self._channels:
            parts = channel.parsed_pattern.match(name)
            if parts is not None:
                return channel, parts
        return None

    def overlaps(self) -> list[tuple[Channel, Channel]]:
        """Pairs of channels that one name could belong to."""
        return [
            (one, other)
            for one, other in combinations(self._channels, 2)
            if one.parsed_pattern.overlaps(other.parsed_pattern)
        ]

    def allows_anonymous(self) -> bool:
        """True when some channel is open to visitors who have not signed in."""
        return any(channel.anonymous for channel in self._channels)

    def nearest_pattern(self, name: str) -> str | None:
        """The declared pattern most like ``name``, for error messages."""
        patterns = [channel.pattern for channel in self._channels]
        return next(iter(difflib.get_close_matches(name, patterns, 1, 0.3)), None)


def _path(channel: Channel) -> str:
    return f"{type(channel).__module__}.{type(channel).__qualname__}"


registry = Registry()
"""What autodiscovery fills, one per process."""
