from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from legato.realtime.broker.stream import Stream, size_of
from legato.realtime.protocol.messages import Publication


def stream_of(count: int, size: int = 100) -> Stream:
    stream = Stream("epoch", now=0.0)
    for number in range(count):
        stream.append(Publication(data=Raw(str(number).encode())), size, until=10.0)
    return stream


def offsets(publications: list[Publication]) -> list[int]:
    return [publication.offset for publication in publications]


@given(
    count=st.integers(0, 30),
    size=st.integers(1, 30),
    after=st.integers(0, 40),
    limit=st.integers(0, 40),
)
def test_reading_agrees_with_a_plain_list(
    count: int, size: int, after: int, limit: int
) -> None:
    stream = stream_of(count, size)
    kept = list(range(1, count + 1))[-size:]
    assert offsets(stream.after(after, limit)) == [n for n in kept if n > after][:limit]
    newest_first = kept[::-1]
    assert offsets(stream.before(None, limit)) == newest_first[:limit]
    assert (
        offsets(stream.before(after, limit))
        == [n for n in newest_first if n < after][:limit]
    )


@given(count=st.integers(0, 30), size=st.integers(1, 30))
def test_bytes_are_those_of_what_is_kept(count: int, size: int) -> None:
    stream = stream_of(count, size)
    assert stream.bytes == sum(map(size_of, stream.after(0, 1000)))


def test_expiry_forgets_publications_and_keeps_the_top() -> None:
    stream = stream_of(3)
    assert not stream.has_expired(9.9)
    assert stream.has_expired(10.0)
    stream.clear()
    assert (len(stream), stream.bytes, stream.top) == (0, 0, 3)
    added = stream.append(Publication(), 10, until=20.0)
    assert added.offset == 4
