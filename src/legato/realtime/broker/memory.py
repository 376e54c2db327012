"""The broker of a single process: every channel's log in memory, bounded in total."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections import OrderedDict
from collections.abc import Callable

from legato.exceptions import UnrecoverablePosition
from legato.realtime.broker.base import (
    Broker,
    Deliver,
    HistoryPage,
    Published,
    Retention,
)
from legato.realtime.broker.stream import Stream
from legato.realtime.protocol.messages import Publication, StreamPosition

__all__ = ["MemoryBroker"]

IDEMPOTENCY_TTL = 300.0
IDEMPOTENCY_MAX_KEYS = 100_000
META_TTL = 30 * 24 * 3600.0
SWEEP_INTERVAL = 10.0


def new_epoch() -> str:
    """Eight random letters: two streams of one channel never look alike."""
    return "".join(secrets.choice(string.ascii_letters) for _ in range(8))


class MemoryBroker(Broker):
    """Streams in this process, the least recently used ones evicted at the bounds.

    An evicted stream starts again in a new epoch, so whoever asks to recover from
    it is told "not recovered" and never given a hole.

    Args:
        max_channels: Streams kept at most.
        max_bytes: Bytes of publications kept at most, all streams together.
        clock: Seconds, monotonic; the loop's by default.
    """

    reaches_other_processes = False

    def __init__(
        self,
        *,
        max_channels: int,
        max_bytes: int,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._max_channels = max_channels
        self._max_bytes = max_bytes
        super().__init__()
        self._clock = clock
        # Least recently used first.
        self._streams: OrderedDict[str, Stream] = OrderedDict()
        self._bytes = 0
        self._results: OrderedDict[tuple[str, str], tuple[Published, float]] = (
            OrderedDict()
        )
        self._deliver: Deliver | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._sweep()

    async def close(self) -> None:
        self._deliver = None
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def subscribe(self, channel: str) -> None:
        """Every channel is announced here anyway."""

    async def unsubscribe(self, channel: str) -> None:
        """Nothing is held per subscription."""

    async def publish(
        self,
        channel: str,
        publication: Publication,
        retention: Retention,
        idempotency_key: str = "",
    ) -> Published:
        now = self._now()
        key = (channel, idempotency_key)
        if idempotency_key and (known := self._known_result(key, now)):
            return known
        position, epoch = None, ""
        if retention.keeps_history:
            stream = self._stream(channel, now)
            before = stream.bytes
            publication = stream.append(
                publication, retention.size, now + retention.ttl
            )
            self._bytes += stream.bytes - before
            epoch = stream.epoch
            position = StreamPosition(offset=publication.offset, epoch=epoch)
        published = Published(position)
        if idempotency_key:
            self._remember(key, published, now)
        # No await since the append: the order of announcements is that of offsets.
        if self._deliver is not None:
            self._deliver(channel, publication, epoch)
        self._evict()
        return published

    async def history(
        self,
        channel: str,
        *,
        since: StreamPosition | None = None,
        limit: int = 0,
        reverse: bool = False,
    ) -> HistoryPage:
        now = self._now()
        stream = self._stream(channel, now)
        self._evict()
        if since is not None and since.epoch and since.epoch != stream.epoch:
            raise UnrecoverablePosition
        if reverse:
            found = stream.before(None if since is None else since.offset, limit)
        else:
            found = stream.after(0 if since is None else since.offset, limit)
        return HistoryPage(found, StreamPosition(stream.top, stream.epoch))

    async def remove_history(self, channel: str) -> None:
        if stream := self._streams.get(channel):
            self._clear(stream)

    def _now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()

    def _stream(self, channel: str, now: float) -> Stream:
        """The channel's stream, expired as of ``now``, created when missing."""
        stream = self._streams.get(channel)
        if stream is None or self._expire(channel, stream, now):
            stream = self._streams[channel] = Stream(new_epoch(), now)
        stream.used_at = now
        self._streams.move_to_end(channel)
        return stream

    def _expire(self, channel: str, stream: Stream, now: float) -> bool:
        """Forget what has had its time; True if that is the stream itself."""
        if now - stream.used_at >= META_TTL:
            self._clear(stream)
            del self._streams[channel]
            return True
        if stream.has_expired(now):
            self._clear(stream)
        return False

    def _clear(self, stream: Stream) -> None:
        self._bytes -= stream.bytes
        stream.clear()

    def _evict(self) -> None:
        """Forget whole streams, least recently used first, until within bounds."""
        while len(self._streams) > self._max_channels or self._bytes > self._max_bytes:
            _, stream = self._streams.popitem(last=False)
            self._bytes -= stream.bytes
            self.counters["evicted_streams"] += 1

    def _known_result(self, key: tuple[str, str], now: float) -> Published | None:
        found = self._results.get(key)
        if found is None or now >= found[1]:
            return None
        return Published(found[0].position, repeated=True)

    def _remember(self, key: tuple[str, str], published: Published, now: float) -> None:
        self._results.pop(key, None)
        self._results[key] = (published, now + IDEMPOTENCY_TTL)
        while len(self._results) > IDEMPOTENCY_MAX_KEYS:
            self._results.popitem(last=False)
            self.counters["evicted_idempotency_keys"] += 1

    def _sweep(self) -> None:
        """Give back what has expired, though nobody asks for it any more."""
        now = self._now()
        for channel, stream in list(self._streams.items()):
            self._expire(channel, stream, now)
        # Inserted in order of expiry, so the first live one ends the search.
        while self._results and now >= next(iter(self._results.values()))[1]:
            self._results.popitem(last=False)
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(SWEEP_INTERVAL, self._sweep)
