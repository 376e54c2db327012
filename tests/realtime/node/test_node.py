from __future__ import annotations

import asyncio

import pytest

from legato.realtime.broker.memory import MemoryBroker
from legato.realtime.node import node as node_module
from legato.realtime.node.hub import Hub, Member
from legato.realtime.node.node import Node
from legato.realtime.node.outbox import Outbox
from legato.realtime.node.subscriber import Subscriber
from legato.realtime.protocol.codes import DisconnectCode
from legato.realtime.protocol.framing import JSON_MESSAGES
from tests.realtime.sinks import MemorySink, turn, until


class RecordingBroker(MemoryBroker):
    """Says what it is asked to announce; a test may hold or fail a subscribe."""

    def __init__(self) -> None:
        super().__init__(max_channels=100, max_bytes=100_000)
        self.calls: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing = False

    async def subscribe(self, channel: str) -> None:
        self.calls.append(f"subscribe {channel}")
        await self.gate.wait()
        if self.failing:
            raise ConnectionError("the broker is away")

    async def unsubscribe(self, channel: str) -> None:
        self.calls.append(f"unsubscribe {channel}")
        await self.gate.wait()


class FakeMember:
    def __init__(self, id: str, user_id: str = "", session_key: str = "") -> None:
        self.id = id
        self.user_id = user_id
        self.session_key = session_key
        self.closed: int | None = None

    def disconnect(self, code: DisconnectCode) -> None:
        self.closed = code


@pytest.fixture
def broker() -> RecordingBroker:
    return RecordingBroker()


@pytest.fixture
async def node(broker: RecordingBroker, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(node_module, "RELEASE_DELAY", 0.0)
    node = Node(broker, outbox_max_size=1000)
    await node.start()
    return node


def subscriber(node: Node) -> Subscriber:
    outbox = Outbox(
        JSON_MESSAGES,
        MemorySink(),
        node.flusher,
        on_overflow=lambda: None,
    )
    return Subscriber(outbox)


async def test_a_channel_is_announced_once_for_all_its_subscribers(
    node: Node, broker: RecordingBroker
) -> None:
    broker.gate.clear()
    joins = [asyncio.create_task(node.join("a", subscriber(node))) for _ in range(3)]
    await turn(3)
    assert not any(join.done() for join in joins)
    broker.gate.set()
    await asyncio.gather(*joins)
    assert broker.calls == ["subscribe a"]
    await node.close()


async def test_the_last_to_leave_ends_the_announcing(
    node: Node, broker: RecordingBroker
) -> None:
    one, other = subscriber(node), subscriber(node)
    await node.join("a", one)
    await node.join("a", other)
    node.leave("a", one)
    node.leave("a", other)
    await until(lambda: not node.hub.feeds)
    assert broker.calls == ["subscribe a", "unsubscribe a"]
    await node.close()


async def test_joining_while_the_channel_is_given_up_announces_it_again(
    node: Node, broker: RecordingBroker
) -> None:
    first, second = subscriber(node), subscriber(node)
    await node.join("a", first)
    broker.gate.clear()
    node.leave("a", first)
    await until(lambda: broker.calls[-1] == "unsubscribe a")
    join = asyncio.create_task(node.join("a", second))
    await turn(3)
    broker.gate.set()
    feed = await join
    assert broker.calls == ["subscribe a", "unsubscribe a", "subscribe a"]
    assert node.hub.feeds["a"] is feed
    assert feed.announced
    await node.close()


async def test_a_join_that_fails_can_be_tried_again(
    node: Node, broker: RecordingBroker
) -> None:
    one = subscriber(node)
    broker.failing = True
    with pytest.raises(ConnectionError):
        await node.join("a", one)
    node.leave("a", one)
    broker.failing = False
    await node.join("a", one)
    assert broker.calls == ["subscribe a", "subscribe a"]
    await node.close()


async def test_closing_sends_everyone_away_with_shutdown(node: Node) -> None:
    members = [FakeMember("1"), FakeMember("2")]
    for member in members:
        node.hub.add(member)
    await node.close()
    assert [member.closed for member in members] == [DisconnectCode.SHUTDOWN] * 2


def test_the_hub_finds_members_by_user_and_by_session() -> None:
    hub = Hub()
    one = FakeMember("1", user_id="7", session_key="s")
    other = FakeMember("2", user_id="7")
    anonymous = FakeMember("3")
    members: list[Member] = [one, other, anonymous]
    for member in members:
        hub.add(member)
    assert set(hub.of_user("7")) == {one, other}
    assert hub.of_session("s") == [one]
    assert hub.of_user("") == hub.of_session("") == []
    for member in members:
        hub.remove(member)
        hub.remove(member)
    assert hub.of_user("7") == hub.of_session("s") == []
    assert not hub.members
