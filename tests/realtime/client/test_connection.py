"""The life of a connection: its deadlines, its session, its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient

import legato
from legato.conf import Settings
from legato.realtime.broker.base import Retention
from legato.realtime.broker.memory import MemoryBroker
from legato.realtime.channels.payload import encode_payload
from legato.realtime.client.connection import Connection
from legato.realtime.node.node import Node
from legato.realtime.protocol.framing import JSON_MESSAGES
from legato.realtime.protocol.messages import Publication
from tests.conftest import LiveServer
from tests.realtime.sinks import MemorySink, turn, until

CONNECT = '{"id":1,"connect":{}}'


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    broker = MemoryBroker(max_channels=10, max_bytes=1_000_000)
    node = Node(broker, outbox_max_size=10_000)
    await node.start()
    yield node
    await node.close()


def connection_on(node: Node, sink: MemorySink, **settings: float) -> Connection:
    return Connection(node, Settings(**settings), JSON_MESSAGES, sink)  # type: ignore[arg-type]


async def test_a_client_that_never_connects_is_stale(node: Node) -> None:
    sink = MemorySink()
    connection_on(node, sink, connect_timeout=0.02)
    await until(lambda: sink.closed)
    assert sink.closed == (3502, "stale")


async def test_pings_keep_coming_while_they_are_answered(node: Node) -> None:
    sink = MemorySink()
    connection = connection_on(node, sink, ping_interval=0.02, pong_timeout=0.01)
    await connection.receive(CONNECT)
    for _ in range(3):
        await until(lambda: connection.awaits_pong)
        await connection.receive("{}")
    assert sink.closed is None
    await connection.end()


async def test_an_unanswered_ping_ends_the_connection(node: Node) -> None:
    sink = MemorySink()
    connection = connection_on(node, sink, ping_interval=0.02, pong_timeout=0.01)
    await connection.receive(CONNECT)
    await until(lambda: sink.closed)
    assert sink.closed == (3012, "no pong")
    assert node.stats.disconnects == {3012: 1}


async def test_a_pong_may_wait_behind_a_command_under_way(node: Node) -> None:
    sink = MemorySink()
    connection = connection_on(
        node, sink, ping_interval=0.02, pong_timeout=0.01, hook_timeout=0.2
    )
    await connection.receive(CONNECT)
    await connection.receive('{"id":2,"subscribe":{"channel":"unruly:slow"}}')
    await turn()
    # The hook took ten pong timeouts, and the connection lived to hear of it.
    assert any(reply.get("id") == 2 for reply in sink.replies)
    assert sink.closed is None
    await connection.end()


async def test_a_client_that_is_far_behind_is_cut_off(node: Node) -> None:
    slow, quick = MemorySink(), MemorySink()
    lagging, prompt = connection_on(node, slow), connection_on(node, quick)
    for connection in (lagging, prompt):
        await connection.receive(
            f'{CONNECT}\n{{"id":2,"subscribe":{{"channel":"room:a"}}}}'
        )
    slow.unread = 10_001
    lagging.outbox.behind = True
    await publish(node, 1)
    await turn(3)
    assert slow.closed == (3008, "slow")
    await publish(node, 2)
    await turn(3)
    assert quick.closed is None
    assert offsets(quick) == [1, 2]
    assert 2 not in offsets(slow)
    assert node.stats.disconnects == {3008: 1}


def offsets(sink: MemorySink) -> list[int]:
    pushes = [reply["push"] for reply in sink.replies if "push" in reply]
    return [push["pub"]["offset"] for push in pushes]


async def publish(node: Node, data: int) -> None:
    publication = Publication(encode_payload(data, 1000))
    await node.broker.publish("room:a", publication, Retention(10, 60))


async def test_nothing_of_a_client_remains_when_it_has_gone(node: Node) -> None:
    sink = MemorySink()
    connection = connection_on(node, sink)
    await connection.receive(
        f'{CONNECT}\n{{"id":2,"subscribe":{{"channel":"room:a"}}}}'
    )
    assert node.hub.members
    assert node.hub.feeds["room:a"]
    await connection.end()
    assert not node.hub.members
    assert not node.hub.feeds["room:a"]
    await until(lambda: not node.hub.feeds)


@pytest.mark.django_db(transaction=True)
class TestSession:
    async def test_a_connection_whose_session_has_ended_is_closed(
        self, legato_settings: Callable[..., None], raw_server: LiveServer
    ) -> None:
        legato_settings(session_check_interval=0.02)
        browser = AsyncClient()
        await browser.get("/sign-in/ada")
        cookie = f"sessionid={browser.cookies['sessionid'].value}"
        async with raw_server.connected(cookie=cookie) as peer:
            # Past every signal, as from a shell of another process.
            await get_user_model().objects.aupdate(is_active=False)
            assert await peer.close_code() == 3005

    async def test_a_connection_whose_session_lives_stays(
        self, legato_settings: Callable[..., None], raw_server: LiveServer
    ) -> None:
        legato_settings(session_check_interval=0.01)
        browser = AsyncClient()
        await browser.get("/sign-in/ada")
        user = await get_user_model().objects.aget()
        cookie = f"sessionid={browser.cookies['sessionid'].value}"
        async with raw_server.connected(cookie=cookie) as peer:
            await peer.subscribe(f"private:{user.pk}")
            for number in range(20):
                await asyncio.sleep(0.005)
                await legato.apublish(f"private:{user.pk}", number)
                assert (await peer.publication())["data"] == number
