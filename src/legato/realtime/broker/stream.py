"""One channel's log in memory: a run of publications with consecutive offsets."""

from __future__ import annotations

from collections import deque
from itertools import islice

from msgspec.structs import replace

from legato.realtime.protocol.messages import Publication

__all__ = ["Stream", "size_of"]

PUBLICATION_OVERHEAD = 320
"""Bytes a kept publication takes beside its data: struct, Raw and deque slot."""


def size_of(publication: Publication) -> int:
    """The bytes charged for keeping ``publication``."""
    tags = publication.tags
    extra = sum(len(k) + len(v) for k, v in tags.items()) if tags else 0
    return len(bytes(publication.data)) + extra + PUBLICATION_OVERHEAD


class Stream:
    """Publications ``first .. top`` of one epoch; time is an argument.

    Attributes:
        top: The offset of the newest publication ever appended; 0 for none.
        bytes: What the kept publications are charged.
        expires_at: When the publications go, the top staying.
        used_at: When the stream was last written or read.
    """

    __slots__ = (
        "_publications",
        "_sizes",
        "bytes",
        "epoch",
        "expires_at",
        "top",
        "used_at",
    )

    def __init__(self, epoch: str, now: float) -> None:
        self.epoch = epoch
        self.top = 0
        self.bytes = 0
        self.expires_at = 0.0
        self.used_at = now
        self._publications: deque[Publication] = deque()
        self._sizes: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._publications)

    def append(self, publication: Publication, size: int, until: float) -> Publication:
        """Add with the next offset, keep ``size`` at most, all until ``until``."""
        bytes_added = size_of(publication)  # first, for nothing may fail below
        self.top += 1
        added = replace(publication, offset=self.top)
        self._publications.append(added)
        self._sizes.append(bytes_added)
        self.bytes += bytes_added
        self.expires_at = until
        while len(self._publications) > size:
            self._publications.popleft()
            self.bytes -= self._sizes.popleft()
        return added

    def has_expired(self, now: float) -> bool:
        """True when publications are kept whose time has passed."""
        return bool(self._publications) and now >= self.expires_at

    def clear(self) -> None:
        self._publications.clear()
        self._sizes.clear()
        self.bytes = 0

    def after(self, offset: int, limit: int) -> list[Publication]:
        """Those with a greater offset, oldest first."""
        if not self._publications:
            return []
        first = self._publications[0].offset
        start = max(0, offset + 1 - first)
        return list(islice(self._publications, start, start + limit))

    def before(self, offset: int | None, limit: int) -> list[Publication]:
        """Those with a smaller offset, or all, newest first."""
        newest_first = reversed(self._publications)
        if offset is None:
            return list(islice(newest_first, limit))
        start = max(0, self.top - offset + 1)
        return list(islice(newest_first, start, start + limit))
