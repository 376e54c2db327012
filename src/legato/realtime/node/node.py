"""The node: a broker, the connections of this process, and what joins them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from legato.realtime.broker.base import Broker
from legato.realtime.node.fanout import Fanout
from legato.realtime.node.feed import Feed
from legato.realtime.node.hub import Hub, Member
from legato.realtime.node.outbox import Flusher
from legato.realtime.node.stats import Stats
from legato.realtime.node.subscriber import Subscriber
from legato.realtime.protocol.codes import DisconnectCode

__all__ = ["Node"]

RELEASE_DELAY = 1.0
"""Seconds a channel stays announced after its last subscriber left: people reload."""

logger = logging.getLogger("legato.node")


class Node:
    """One per process, bound to the event loop it is started on.

    Args:
        outbox_max_size: Bytes that may wait for one connection.

    Attributes:
        draining: True from the moment the process has been told to stop.
    """

    def __init__(self, broker: Broker, *, outbox_max_size: int) -> None:
        self.broker = broker
        self.stats = Stats(broker=broker.counters)
        self.hub = Hub()
        self.loop: asyncio.AbstractEventLoop
        self.flusher: Flusher
        self.draining = False
        self._outbox_max_size = outbox_max_size
        self._release_timer: asyncio.TimerHandle | None = None
        self._releasing: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.flusher = Flusher(self.loop, self._outbox_max_size)
        fanout = Fanout(self.hub.feeds, self.flusher, self.stats)
        await self.broker.start(fanout.deliver)

    async def close(self) -> None:
        """End every connection with 3001, then leave the broker."""
        self._closed = True
        self.disconnect(list(self.hub.members.values()), DisconnectCode.SHUTDOWN)
        if self._release_timer is not None:
            self._release_timer.cancel()
        if self._releasing is not None:
            self._releasing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._releasing
        await self.broker.close()

    async def join(self, channel: str, subscriber: Subscriber) -> Feed:
        """Buffer the channel for ``subscriber``; announcing is effective on return.

        The caller reads the history next, then calls ``Feed.go_live``, or ``leave``.
        """
        feed = self.hub.feeds.get(channel)
        if feed is None:
            feed = self.hub.feeds[channel] = Feed()
        feed.join(subscriber)
        if not feed.announced:
            # While this subscriber is in the feed, ``_release`` keeps the feed.
            async with feed.lock:
                if not feed.announced:
                    await self.broker.subscribe(channel)
                    feed.announced = True
        return feed

    def leave(self, channel: str, subscriber: Subscriber) -> None:
        feed = self.hub.feeds.get(channel)
        if feed is None:
            return
        feed.leave(subscriber)
        if not feed:
            self._release_soon()

    def disconnect(self, members: Iterable[Member], code: DisconnectCode) -> None:
        for member in members:
            member.disconnect(code)

    def _release_soon(self) -> None:
        idle = self._release_timer is None and self._releasing is None
        if idle and not self._closed:
            self._release_timer = self.loop.call_later(
                RELEASE_DELAY, self._start_release
            )

    def _start_release(self) -> None:
        self._release_timer = None
        self._releasing = self.loop.create_task(self._release(), name="legato-release")

    async def _release(self) -> None:
        """Give up the channels that nobody here follows any more; one at a time."""
        for channel, feed in list(self.hub.feeds.items()):
            if feed:
                continue
            async with feed.lock:
                # Whoever joins meanwhile waits for the lock and subscribes again.
                if feed.announced and not feed:
                    await self._unsubscribe(channel, feed)
                if not feed:
                    del self.hub.feeds[channel]
        self._releasing = None
        if not all(self.hub.feeds.values()):
            self._release_soon()

    async def _unsubscribe(self, channel: str, feed: Feed) -> None:
        feed.announced = False
        try:
            await self.broker.unsubscribe(channel)
        except Exception:
            logger.exception("The broker would not unsubscribe from a channel.")
