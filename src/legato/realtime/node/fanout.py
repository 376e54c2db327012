"""From one publication to every subscriber here: the hot path.

Per publication: one lookup, one encoding and one frame per format. Per subscriber:
one append to an outbox. No task, no coroutine and no further encoding.
"""

from __future__ import annotations

from legato.realtime.node.feed import Feed
from legato.realtime.node.outbox import Flusher
from legato.realtime.node.stats import Stats
from legato.realtime.node.subscriber import Verdict
from legato.realtime.protocol.messages import Publication

__all__ = ["Fanout"]


class Fanout:
    """Delivers the broker's announcements to the feeds of a node."""

    __slots__ = ("_feeds", "_flusher", "_stats")

    def __init__(self, feeds: dict[str, Feed], flusher: Flusher, stats: Stats) -> None:
        self._feeds = feeds
        self._flusher = flusher
        self._stats = stats

    def deliver(self, channel: str, publication: Publication, epoch: str) -> None:
        """Queue ``publication`` for everyone here who follows ``channel``."""
        self._stats.publications += 1
        feed = self._feeds.get(channel)
        if feed is None:
            return
        verdict = feed.advance(publication, epoch)
        if verdict is Verdict.DELIVER:
            self._deliver_live(feed, channel, publication)
        elif verdict is Verdict.INSUFFICIENT:
            self._stats.insufficient += _end_live(feed)
        if feed.pending:
            self._deliver_pending(feed, channel, publication, epoch)

    def _deliver_live(self, feed: Feed, channel: str, publication: Publication) -> None:
        for format, outboxes in feed.live.items():
            frame = format.publication(channel, publication)
            self._flusher.push(outboxes, frame)
            self._stats.deliveries += len(outboxes)

    def _deliver_pending(
        self, feed: Feed, channel: str, publication: Publication, epoch: str
    ) -> None:
        for subscriber in list(feed.pending):
            if subscriber.joining:
                subscriber.hold(publication, epoch)
                continue
            verdict = subscriber.judge(publication, epoch)
            if verdict is Verdict.DELIVER:
                outbox = subscriber.outbox
                outbox.push(outbox.format.publication(channel, publication))
                self._stats.deliveries += 1
            elif verdict is Verdict.INSUFFICIENT:
                self._stats.insufficient += 1
                subscriber.lose_position()
        feed.settle()


def _end_live(feed: Feed) -> int:
    """Tell all live subscribers that they missed something; returns how many."""
    ended = list(feed.subscribers())
    for subscriber in ended:
        subscriber.lose_position()
    return len(ended)
