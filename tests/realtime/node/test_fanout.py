from __future__ import annotations

import asyncio

from msgspec import Raw

from legato.realtime.node.fanout import Fanout
from legato.realtime.node.feed import Feed
from legato.realtime.node.outbox import Flusher, Outbox
from legato.realtime.node.stats import Stats
from legato.realtime.node.subscriber import Subscriber
from legato.realtime.protocol.framing import JSON_MESSAGES, Format
from legato.realtime.protocol.json import JSON
from legato.realtime.protocol.messages import Publication, StreamPosition
from tests.realtime.sinks import MemorySink, turn

EPOCH = "epoch"


class Follower(Subscriber):
    """A subscriber that remembers whether it lost its position."""

    def __init__(self, outbox: Outbox, sink: MemorySink) -> None:
        super().__init__(outbox)
        self.sink = sink
        self.lost = False

    def lose_position(self) -> None:
        self.lost = True

    @property
    def offsets(self) -> list[int]:
        return [reply["push"]["pub"]["offset"] for reply in self.sink.replies]


class World:
    """One feed and what is fanned out to it."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.stats = Stats()
        self.flusher = Flusher(asyncio.get_running_loop(), limit=100_000)
        self.fanout = Fanout({"a": self.feed}, self.flusher, self.stats)

    def follower(self, format: Format = JSON_MESSAGES) -> Follower:
        sink = MemorySink()
        outbox = Outbox(format, sink, self.flusher, on_overflow=lambda: None)
        return Follower(outbox, sink)

    def live(self, offset: int, format: Format = JSON_MESSAGES) -> Follower:
        follower = self.follower(format)
        self.feed.join(follower)
        follower.take_buffer()
        self.feed.go_live(follower, StreamPosition(offset, EPOCH))
        return follower

    async def deliver(self, *offsets: int, epoch: str = EPOCH) -> None:
        for offset in offsets:
            self.fanout.deliver("a", Publication(Raw(b"1"), offset=offset), epoch)
        await turn()


async def test_live_subscribers_get_every_publication_once() -> None:
    world = World()
    one, other = world.live(0), world.live(0)
    await world.deliver(1, 2, 2, 1, 3)
    assert one.offsets == other.offsets == [1, 2, 3]
    assert world.stats.deliveries == 6


async def test_a_publication_is_encoded_once_per_format() -> None:
    class CountingFormat(Format):
        encoded = 0

        def publication(self, channel: str, publication: Publication) -> bytes:
            self.encoded += 1
            return super().publication(channel, publication)

    first = CountingFormat(JSON, lambda payload: payload, b"")
    second = CountingFormat(JSON, lambda payload: payload, b"")
    world = World()
    for _ in range(50):
        world.live(0, first)
        world.live(0, second)
    await world.deliver(1)
    assert (first.encoded, second.encoded) == (1, 1)


async def test_a_gap_costs_the_live_their_position_and_delivers_nothing() -> None:
    world = World()
    follower = world.live(5)
    await world.deliver(7)
    assert follower.lost
    assert follower.offsets == []
    assert world.stats.insufficient == 1


async def test_another_epoch_costs_the_live_their_position() -> None:
    world = World()
    follower = world.live(5)
    await world.deliver(6, epoch="other")
    assert follower.lost
    assert follower.offsets == []


async def test_a_joining_subscriber_buffers() -> None:
    world = World()
    follower = world.follower()
    world.feed.join(follower)
    await world.deliver(1, 2)
    assert [p.offset for p, _ in follower.take_buffer()] == [1, 2]
    assert follower.offsets == []


async def test_a_subscriber_ahead_of_the_feed_skips_what_it_has() -> None:
    world = World()
    slow, ahead = world.live(2), world.live(5)
    assert ahead in world.feed.pending
    await world.deliver(3, 4, 5, 6)
    assert slow.offsets == [3, 4, 5, 6]
    assert ahead.offsets == [6]
    assert not world.feed.pending


async def test_a_subscriber_ahead_in_another_epoch_goes_live_with_it() -> None:
    world = World()
    old, new = world.live(2), world.follower()
    world.feed.join(new)
    new.take_buffer()
    world.feed.go_live(new, StreamPosition(1, "other"))
    await world.deliver(1, epoch="other")
    await world.deliver(2, epoch="other")
    assert old.lost
    assert not new.lost
    assert new.offsets == [2]


async def test_publications_without_offset_reach_everyone() -> None:
    world = World()
    live, plain = world.live(3), world.follower()
    world.feed.join(plain)
    world.feed.go_live(plain, None)
    world.fanout.deliver("a", Publication(Raw(b"1")), "")
    await turn()
    assert len(live.sink.replies) == len(plain.sink.replies) == 1


async def test_a_channel_nobody_follows_here_costs_nothing() -> None:
    stats = Stats()
    flusher = Flusher(asyncio.get_running_loop(), limit=100)
    Fanout({}, flusher, stats).deliver("a", Publication(), EPOCH)
    assert (stats.publications, stats.deliveries) == (1, 0)


async def test_a_feed_is_empty_when_the_last_has_left() -> None:
    world = World()
    follower = world.live(0)
    assert world.feed
    world.feed.leave(follower)
    world.feed.leave(follower)
    assert not world.feed
