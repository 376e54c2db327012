"""Recovery under every order of events that a broker may produce.

A subscriber recovers while publications are appended and announced around it. The
broker here stops at each of its awaits until told to go on, and announces only when
told to, so that hypothesis decides the interleaving.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from legato.conf import Settings
from legato.realtime.broker.base import Deliver, HistoryPage, Retention
from legato.realtime.broker.memory import MemoryBroker
from legato.realtime.client.connection import Connection
from legato.realtime.node.node import Node
from legato.realtime.protocol.framing import JSON_MESSAGES
from legato.realtime.protocol.messages import Publication
from tests.realtime.sinks import MemorySink, turn

CHANNEL = "room:a"
KEEP = Retention(size=100, ttl=60)


class SteppingBroker(MemoryBroker):
    """A memory broker that goes on only when the test says so."""

    def __init__(self) -> None:
        super().__init__(max_channels=10, max_bytes=1_000_000)
        self.announcements: deque[tuple[str, Publication, str]] = deque()
        self._stops: deque[asyncio.Event] = deque()
        self._announce: Deliver

    async def start(self, deliver: Deliver) -> None:
        self._announce = deliver
        await super().start(lambda *announced: self.announcements.append(announced))

    async def subscribe(self, channel: str) -> None:
        await self._stop()

    async def history(self, channel: str, **query: Any) -> HistoryPage:
        await self._stop()
        page = await super().history(channel, **query)
        await self._stop()
        return page

    async def _stop(self) -> None:
        stop = asyncio.Event()
        self._stops.append(stop)
        await stop.wait()

    def step(self) -> None:
        """Let the call that has waited longest go on to its next stop."""
        if self._stops:
            self._stops.popleft().set()

    def announce(self) -> None:
        if self.announcements:
            self._announce(*self.announcements.popleft())

    def lose(self) -> None:
        """The next announcement never arrives."""
        if self.announcements:
            self.announcements.popleft()


class Watcher:
    """A client on a connection of its own, and what it was told."""

    def __init__(self, node: Node) -> None:
        self.sink = MemorySink()
        self.connection = Connection(node, Settings(), JSON_MESSAGES, self.sink)
        self.subscribing: asyncio.Task[None]

    async def subscribe(self, since: int, epoch: str) -> None:
        await self.connection.receive('{"id":1,"connect":{}}')
        request = {
            "channel": CHANNEL,
            "recover": True,
            "offset": since,
            "epoch": epoch,
        }
        command = json.dumps({"id": 2, "subscribe": request})
        self.subscribing = asyncio.create_task(self.connection.receive(command))

    @property
    def reply(self) -> dict[str, Any]:
        replies = (reply for reply in self.sink.replies if reply.get("id") == 2)
        result: dict[str, Any] = next(replies).get("subscribe", {})
        return result

    @property
    def offsets(self) -> list[int]:
        """Every offset received, in order: recovered, then live."""
        recovered = self.reply.get("publications", [])
        pushes = [reply["push"] for reply in self.sink.replies if "push" in reply]
        live = [push["pub"] for push in pushes if "pub" in push]
        return [publication["offset"] for publication in recovered + live]

    @property
    def was_told_of_a_loss(self) -> bool:
        """Unsubscribed with 2500 or disconnected with 3010: it will recover again."""
        pushes = [reply.get("push", {}) for reply in self.sink.replies]
        unsubscribed = any("unsubscribe" in push for push in pushes)
        return unsubscribed or self.sink.closed == (3010, "insufficient state")


async def run(
    published_before: int, since: int, actions: list[str]
) -> tuple[Watcher, Watcher, int]:
    """Play ``actions``; returns two watchers and the offset of the last publication."""
    broker = SteppingBroker()
    node = Node(broker, outbox_max_size=1_000_000)
    await node.start()
    top = 0

    async def publish() -> None:
        nonlocal top
        published = await broker.publish(CHANNEL, Publication(Raw(b"1")), KEEP)
        assert published.position is not None
        top = published.position.offset

    for _ in range(published_before):
        await publish()
        broker.announce()
    epoch = (await MemoryBroker.history(broker, CHANNEL)).top.epoch
    watchers = Watcher(node), Watcher(node)
    for action in [*actions, *["step"] * 12]:
        match action:
            case "publish":
                await publish()
            case "subscribe":
                late = [w for w in watchers if not hasattr(w, "subscribing")]
                if late:
                    await late[0].subscribe(min(since, top), epoch)
            case _:
                getattr(broker, action)()
        await turn(4)
    for watcher in watchers:
        if not hasattr(watcher, "subscribing"):
            await watcher.subscribe(min(since, top), epoch)
    for _ in range(12):
        broker.step()
        await turn(4)
    await publish()
    while broker.announcements:
        broker.announce()
    await turn(4)
    for watcher in watchers:
        assert watcher.subscribing.done()
        await watcher.connection.end()
    await node.close()
    return *watchers, top


actions = st.lists(
    st.sampled_from(["publish", "announce", "announce", "step", "step", "subscribe"]),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(before=st.integers(0, 5), since=st.integers(0, 5), actions=actions)
def test_nothing_is_lost_or_doubled_in_any_order_of_events(
    before: int, since: int, actions: list[str]
) -> None:
    one, other, top = asyncio.run(run(before, since, ["subscribe", *actions]))
    for watcher in (one, other):
        assert watcher.reply["recovered"]
        assert not watcher.was_told_of_a_loss
        start = watcher.reply.get("offset", 0)
        assert watcher.offsets == list(range(start + 1, top + 1))


@settings(max_examples=300, deadline=None)
@given(
    before=st.integers(0, 5),
    since=st.integers(0, 5),
    actions=st.lists(
        st.sampled_from(["publish", "announce", "lose", "step", "step", "subscribe"]),
        max_size=40,
    ),
)
def test_a_lost_announcement_is_never_a_silent_hole(
    before: int, since: int, actions: list[str]
) -> None:
    one, other, top = asyncio.run(run(before, since, ["subscribe", *actions]))
    for watcher in (one, other):
        start = watcher.reply.get("offset", 0) if watcher.sink.replies[1:] else 0
        offsets = watcher.offsets if watcher.sink.replies[1:] else []
        assert offsets == list(range(start + 1, start + len(offsets) + 1))
        if not watcher.was_told_of_a_loss:
            assert start + len(offsets) == top
