"""Clients that do not read, and networks that say nothing."""

from __future__ import annotations

import itertools

import pytest

import legato
from compliance.sdk import Sdk
from compliance.server import serve
from tests.conftest import LiveServer
from tests.network import Network
from tests.peer import Peer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PADDING = "x" * 48 * 1024

# What the system's socket buffers take on top of the outbox differs by megabytes.
MOST_PUBLICATIONS = 1000


async def test_client_that_does_not_read_is_cut_off_and_recovers(sdk: Sdk) -> None:
    async with serve(outbox_max_size=256 * 1024) as server:
        async with Network(server.port) as network, server.connected() as other:
            async with sdk(network) as client:
                await other.subscribe("room:a")
                await client.connected()
                await client.subscribed("room:a")
                await client.event("connecting")
                await client.stop_reading()
                # The other client reads each publication before the next goes out.
                count = await publish_until_cut_off(server, "room:a", other)
                await legato.apublish("room:a", "missed")
                await client.go_on_reading()
                lost = await client.event("connecting")
                subscribed = await client.event("subscribed")
                await legato.apublish("room:a", "last")
                received = await client.publications(until="last")
                assert (await other.publication())["data"] == "missed"
                assert (await other.publication())["data"] == "last"
                assert server.node.stats.disconnects == {3008: 1}
    # The close frame stands behind all that was not read, or the socket was cut.
    assert lost["code"] in (1, 3008)
    assert subscribed["was_recovering"]
    assert subscribed["recovered"]
    expected = [{"number": number} for number in range(count)]
    assert received == [*expected, "missed", "last"]


async def publish_until_cut_off(server: LiveServer, channel: str, reader: Peer) -> int:
    """Publish until the server has ended a connection for slowness; how many."""
    for number in itertools.count():
        if server.node.stats.disconnects[3008]:
            return number
        assert number < MOST_PUBLICATIONS, "no connection was ever cut off"
        await legato.apublish(channel, {"number": number, "padding": PADDING})
        assert (await reader.publication())["data"]["number"] == number
    raise AssertionError


async def test_client_whose_network_falls_silent_comes_back_and_recovers(
    sdk: Sdk,
) -> None:
    async with serve(ping_interval=0.5, pong_timeout=0.4) as server:
        async with Network(server.port) as network, sdk(network) as client:
            await client.connected()
            await client.subscribed("room:a")
            await legato.apublish("room:a", "first")
            await client.publications(until="first")
            await client.event("connecting")
            network.freeze()
            await legato.apublish("room:a", "missed")
            lost = await client.event("connecting")
            subscribed = await client.event("subscribed")
            await legato.apublish("room:a", "last")
            received = await client.publications(until="last")
            assert server.node.stats.disconnects == {3012: 1}
    assert (lost["code"], lost["reason"]) == (2, "no ping")
    assert subscribed["was_recovering"]
    assert subscribed["recovered"]
    assert received == ["missed", "last"]
