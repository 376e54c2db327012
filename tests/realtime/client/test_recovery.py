"""The arithmetic of recovery; ``test_interleavings`` proves it under concurrency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from legato.exceptions import Disconnect
from legato.realtime.broker.base import HistoryPage
from legato.realtime.broker.stream import size_of
from legato.realtime.client.recovery import (
    publications_after,
    publications_missed,
    within_size,
)
from legato.realtime.protocol.messages import Publication, StreamPosition

EPOCH = "epoch"
PLENTY = 1_000_000
SIZE = size_of(Publication(Raw(b"1234")))


def publications(*offsets: int) -> list[Publication]:
    return [Publication(Raw(b"1234"), offset=offset) for offset in offsets]


def page(top: int, *offsets: int) -> HistoryPage:
    return HistoryPage(publications(*offsets), StreamPosition(top, EPOCH))


def offsets(found: list[Publication] | None) -> list[int] | None:
    return None if found is None else [publication.offset for publication in found]


@pytest.mark.parametrize(
    ("since", "history", "expected"),
    [
        (StreamPosition(3, EPOCH), page(5, 4, 5), [4, 5]),
        (StreamPosition(0, EPOCH), page(2, 1, 2), [1, 2]),
        (StreamPosition(3, ""), page(5, 4, 5), [4, 5]),
        (StreamPosition(5, EPOCH), page(5), []),
        (StreamPosition(3, "other"), page(5, 4, 5), None),
        (StreamPosition(3, EPOCH), page(5), None),
        (StreamPosition(6, EPOCH), page(5), None),
        (StreamPosition(2, EPOCH), page(5, 4, 5), None),
        (StreamPosition(3, EPOCH), page(9, 4, 5), None),
    ],
    ids=[
        "missed some",
        "from the beginning",
        "no epoch known",
        "missed nothing",
        "another epoch",
        "history expired",
        "ahead of the stream",
        "trimmed",
        "cut by the limit",
    ],
)
def test_what_was_missed_is_known_whole_or_not_at_all(
    since: StreamPosition, history: HistoryPage, expected: list[int] | None
) -> None:
    assert offsets(publications_missed(since, history, PLENTY)) == expected


def test_more_than_a_reply_may_carry_is_not_recovered() -> None:
    since = StreamPosition(0, EPOCH)
    assert publications_missed(since, page(2, 1, 2), max_size=2 * SIZE - 1) is None
    assert publications_missed(since, page(2, 1, 2), max_size=2 * SIZE) is not None


def test_buffered_publications_continue_the_top() -> None:
    buffered = [(p, EPOCH) for p in publications(4, 5, 6, 6, 7)]
    assert offsets(publications_after(StreamPosition(5, EPOCH), buffered)) == [6, 7]


@pytest.mark.parametrize(
    ("buffered", "epoch"), [((7,), EPOCH), ((6, 8), EPOCH), ((6,), "other")]
)
def test_a_hole_in_the_buffer_ends_the_connection(
    buffered: tuple[int, ...], epoch: str
) -> None:
    held = [(p, epoch) for p in publications(*buffered)]
    with pytest.raises(Disconnect, match="3010"):
        publications_after(StreamPosition(5, EPOCH), held)


@given(
    top=st.integers(0, 20),
    start=st.integers(1, 30),
    count=st.integers(0, 10),
    shuffle=st.randoms(),
)
def test_whatever_overlaps_the_history_is_taken_once(
    top: int, start: int, count: int, shuffle: st.DataObject
) -> None:
    held = [(p, EPOCH) for p in publications(*range(start, start + count))]
    held += held[: count // 2]
    shuffle.shuffle(held)  # type: ignore[attr-defined]
    beyond = [n for n in range(start, start + count) if n > top]
    if beyond and beyond[0] != top + 1:
        with pytest.raises(Disconnect):
            publications_after(StreamPosition(top, EPOCH), held)
    else:
        found = publications_after(StreamPosition(top, EPOCH), held)
        assert offsets(found) == beyond


def test_a_page_ends_before_it_grows_too_large() -> None:
    assert offsets(within_size(publications(1, 2, 3), 2 * SIZE)) == [1, 2]
    # One always fits, or whoever pages by offset would stay where he is.
    assert offsets(within_size(publications(1, 2, 3), 1)) == [1]
    assert within_size([], 1) == []
