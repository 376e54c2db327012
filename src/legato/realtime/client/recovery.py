"""Continuing from a position: what a client missed, exactly, or that it cannot be told.

A client says "since offset n of epoch e". While its subscription joins, publications
are buffered; then the history is read, in one snapshot with its top. Every
publication is then in exactly one of three places:

- after n and up to the top: in the history read,
- after the top, announced before the reply: in the buffer,
- announced later: delivered live, after the reply.

Joining before reading leaves no gap between the first two, but an overlap, which
offsets resolve. What cannot be proved complete is reported as not recovered, and the
client reloads. All functions here are pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from legato.realtime.broker.base import HistoryPage
from legato.realtime.broker.stream import size_of
from legato.realtime.node.subscriber import Buffered
from legato.realtime.protocol.codes import DisconnectCode
from legato.realtime.protocol.messages import Publication, StreamPosition

__all__ = ["publications_after", "publications_missed", "within_size"]


def publications_missed(
    since: StreamPosition, page: HistoryPage, max_size: int
) -> list[Publication] | None:
    """What came after ``since`` up to the top of ``page``; None if that is not known.

    Args:
        page: A history read after ``since.offset``, possibly cut by a limit.
        max_size: Bytes that one reply may carry.
    """
    found, top = page.publications, page.top
    if since.epoch and since.epoch != top.epoch:
        return None
    if not found:
        return [] if since.offset == top.offset else None
    starts_next = found[0].offset == since.offset + 1
    reaches_top = found[-1].offset == top.offset
    fits = len(within_size(found, max_size)) == len(found)
    return found if starts_next and reaches_top and fits else None


def publications_after(top: StreamPosition, buffered: Buffered) -> list[Publication]:
    """The buffered publications beyond ``top``, in order and without a hole.

    Raises:
        Disconnect: 3010, some are missing; the client comes back and recovers.
    """
    found = []
    expected = top.offset + 1
    for publication, epoch in sorted(buffered, key=lambda item: item[0].offset):
        if epoch != top.epoch or publication.offset > expected:
            raise DisconnectCode.INSUFFICIENT_STATE.disconnect()
        if publication.offset == expected:
            found.append(publication)
            expected += 1
    return found


def within_size(publications: Sequence[Publication], size: int) -> list[Publication]:
    """As many publications from the front as take ``size`` bytes, and at least one."""
    found: list[Publication] = []
    for publication in publications:
        size -= size_of(publication)
        if size < 0 and found:
            break
        found.append(publication)
    return found
