"""Clients that lose their connection, or their place, and come back."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

import legato
from compliance.sdk import Sdk, SdkClient
from compliance.server import serve
from legato.realtime.broker.memory import MemoryBroker
from legato.realtime.node.node import Node
from tests.network import Network

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def follow(client: SdkClient, channel: str) -> None:
    """Subscribe, and have received a first publication."""
    await client.connected()
    await client.subscribed(channel)
    await legato.apublish(channel, "first")
    assert await client.publications(until="first") == ["first"]


async def test_client_behind_a_cut_socket_misses_nothing(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await follow(client, "room:a")
            network.cut()
            await client.event("subscribing")
            for number in range(20):
                await legato.apublish("room:a", number)
            network.restore()
            subscribed = await client.event("subscribed")
            await legato.apublish("room:a", "last")
            received = await client.publications(until="last")
            assert server.node.stats.recovered == 1
    assert subscribed["was_recovering"]
    assert subscribed["recovered"]
    assert received == [*range(20), "last"]


async def test_trimmed_history_is_reported_as_not_recovered(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await follow(client, "room:a")
            network.cut()
            await client.event("subscribing")
            for number in range(101):  # the channel keeps 100
                await legato.apublish("room:a", number)
            network.restore()
            subscribed = await client.event("subscribed")
            await legato.apublish("room:a", "last")
            received = await client.publications(until="last")
            assert server.node.stats.unrecovered == 1
    assert subscribed["was_recovering"]
    assert not subscribed["recovered"]
    assert received == ["last"]


async def test_lost_announcement_makes_the_client_recover_in_place(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await follow(client, "room:a")
            await lose_announcement(server.node, "room:a", "lost")
            await legato.apublish("room:a", "seen")
            assert (await client.event("subscribing"))["code"] == 0
            lost_place = await client.event("subscribing")
            subscribed = await client.event("subscribed")
            await legato.apublish("room:a", "last")
            received = await client.publications(until="last")
            assert server.node.stats.insufficient == 1
            assert server.node.stats.connections == 1
    assert lost_place["code"] == 2500
    assert subscribed["was_recovering"]
    assert subscribed["recovered"]
    assert received == ["lost", "seen", "last"]


async def lose_announcement(node: Node, channel: str, data: str) -> None:
    """Publish while the broker announces nothing, as when its connection is gone."""
    broker = node.broker
    assert isinstance(broker, MemoryBroker)
    deliver = broker._deliver
    assert deliver is not None
    await broker.close()
    await legato.apublish(channel, data)
    await broker.start(deliver)


async def test_evicted_stream_makes_the_client_reload(sdk: Sdk) -> None:
    async with serve(memory_max_channels=1) as server, Network(server.port) as network:
        async with sdk(network) as client:
            await follow(client, "room:a")
            assert (await client.event("subscribing"))["code"] == 0
            await legato.apublish("room:b", "this evicts the other channel's stream")
            await legato.apublish("room:a", "in a new epoch")
            lost_place = await client.event("subscribing")
            subscribed = await client.event("subscribed")
            await legato.apublish("room:a", "last")
            received = await client.publications(until="last")
            assert server.node.stats.broker["evicted_streams"] == 2
    assert lost_place["code"] == 2500
    assert subscribed["was_recovering"]
    assert not subscribed["recovered"]
    assert received == ["last"]


async def test_client_comes_back_to_a_restarted_server(sdk: Sdk) -> None:
    async with AsyncExitStack() as stack:
        first = serve()
        server = await first.__aenter__()
        network = await stack.enter_async_context(Network(server.port))
        client = await stack.enter_async_context(sdk(network))
        await follow(client, "room:a")
        assert (await client.event("connecting"))["code"] == 0
        await first.__aexit__(None, None, None)
        lost = await client.event("connecting")
        restarted = await stack.enter_async_context(serve())
        network.server_port = restarted.port
        subscribed = await client.event("subscribed")
        await legato.apublish("room:a", "last")
        received = await client.publications(until="last")
    assert (lost["code"], lost["reason"]) == (3001, "shutdown")
    # The memory broker kept nothing, and the client is told so.
    assert subscribed["was_recovering"]
    assert not subscribed["recovered"]
    assert received == ["last"]
