from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec import Raw

from legato.exceptions import UnrecoverablePosition
from legato.realtime.broker.base import Retention
from legato.realtime.broker.memory import META_TTL, MemoryBroker
from legato.realtime.protocol.messages import Publication, StreamPosition

KEEP = Retention(size=10, ttl=60.0)
KEEP_NOTHING = Retention()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Harness:
    """A broker whose time and announcements the test holds."""

    def __init__(self, max_channels: int = 1000, max_bytes: int = 10_000_000) -> None:
        self.clock = Clock()
        self.announced: list[tuple[str, int, str]] = []
        self.broker = MemoryBroker(
            max_channels=max_channels, max_bytes=max_bytes, clock=self.clock
        )

    async def start(self) -> Harness:
        await self.broker.start(
            lambda channel, publication, epoch: self.announced.append(
                (channel, publication.offset, epoch)
            )
        )
        return self

    async def publish(
        self, channel: str = "a", size: int = 1, key: str = "", keep: Retention = KEEP
    ) -> StreamPosition | None:
        publication = Publication(data=Raw(b"1" * size))
        published = await self.broker.publish(channel, publication, keep, key)
        return published.position

    async def top(self, channel: str = "a") -> StreamPosition:
        return (await self.broker.history(channel)).top


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    harness = await Harness().start()
    yield harness
    await harness.broker.close()


async def test_offsets_start_at_one_and_are_announced_in_order(
    harness: Harness,
) -> None:
    for _ in range(3):
        await harness.publish()
    epoch = (await harness.top()).epoch
    assert harness.announced == [("a", 1, epoch), ("a", 2, epoch), ("a", 3, epoch)]


async def test_without_history_a_publication_has_no_position(harness: Harness) -> None:
    assert await harness.publish(keep=KEEP_NOTHING) is None
    assert harness.announced == [("a", 0, "")]


async def test_an_idempotency_key_publishes_once_per_channel(harness: Harness) -> None:
    first = await harness.publish(key="k")
    assert await harness.publish(key="k") == first
    assert await harness.publish("b", key="k") != first
    assert [channel for channel, _, _ in harness.announced] == ["a", "b"]


async def test_an_idempotency_key_is_forgotten_after_five_minutes(
    harness: Harness,
) -> None:
    await harness.publish(key="k")
    harness.clock.now += 301
    await harness.publish(key="k")
    assert len(harness.announced) == 2


async def test_history_gives_what_came_after_a_position(harness: Harness) -> None:
    for _ in range(5):
        await harness.publish()
    top = await harness.top()
    page = await harness.broker.history(
        "a", since=StreamPosition(2, top.epoch), limit=2
    )
    assert [p.offset for p in page.publications] == [3, 4]
    assert page.top == top == StreamPosition(5, top.epoch)


async def test_history_of_another_epoch_is_unrecoverable(harness: Harness) -> None:
    await harness.publish()
    with pytest.raises(UnrecoverablePosition):
        await harness.broker.history("a", since=StreamPosition(0, "other"), limit=1)


async def test_an_unknown_channel_gets_an_epoch_at_first_sight(
    harness: Harness,
) -> None:
    top = await harness.top("new")
    assert top.offset == 0
    assert len(top.epoch) == 8
    assert await harness.top("new") == top


async def test_ttl_forgets_publications_and_keeps_the_position(
    harness: Harness,
) -> None:
    await harness.publish()
    top = await harness.top()
    harness.clock.now += 61
    page = await harness.broker.history("a", limit=10)
    assert (page.publications, page.top) == ([], top)


async def test_every_publication_extends_the_life_of_those_before(
    harness: Harness,
) -> None:
    await harness.publish()
    harness.clock.now += 50
    await harness.publish()
    harness.clock.now += 50
    assert len((await harness.broker.history("a", limit=10)).publications) == 2


async def test_removing_the_history_keeps_the_position(harness: Harness) -> None:
    await harness.publish()
    top = await harness.top()
    await harness.broker.remove_history("a")
    page = await harness.broker.history("a", limit=10)
    assert (page.publications, page.top) == ([], top)


async def test_a_stream_unused_for_a_month_starts_in_a_new_epoch(
    harness: Harness,
) -> None:
    await harness.publish()
    epoch = (await harness.top()).epoch
    harness.clock.now += META_TTL
    top = await harness.top()
    assert top.offset == 0
    assert top.epoch != epoch


async def test_too_many_channels_evict_the_least_recently_used() -> None:
    harness = await Harness(max_channels=2).start()
    await harness.publish("a")
    await harness.publish("b")
    a, b = await harness.top("a"), await harness.top("b")
    await harness.top("a")
    await harness.publish("c")
    assert await harness.top("a") == a
    assert harness.broker.counters["evicted_streams"] == 1
    new_b = await harness.top("b")
    assert new_b.epoch != b.epoch
    assert new_b.offset == 0
    await harness.broker.close()


async def test_too_many_bytes_evict_whole_streams() -> None:
    harness = await Harness(max_bytes=5_000).start()
    await harness.publish("a", size=2_000)
    before = await harness.top("a")
    await harness.publish("b", size=2_000)
    await harness.publish("c", size=2_000)
    assert harness.broker.counters["evicted_streams"] == 1
    assert (await harness.top("a")).epoch != before.epoch
    assert len((await harness.broker.history("c", limit=9)).publications) == 1
    await harness.broker.close()


async def test_a_publication_larger_than_all_room_is_delivered_and_not_kept() -> None:
    harness = await Harness(max_bytes=1_000).start()
    await harness.publish("a", size=2_000)
    assert [offset for _, offset, _ in harness.announced] == [1]
    assert (await harness.top("a")).offset == 0
    await harness.broker.close()
