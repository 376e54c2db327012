"""What every application does with a client: connect, subscribe, publish, read."""

from __future__ import annotations

import pytest

import legato
from compliance.sdk import CommandError, Sdk
from compliance.server import serve
from tests.network import Network

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_publications_of_a_client_and_of_the_server_arrive_in_order(
    sdk: Sdk,
) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            subscribed = await client.subscribed("room:a")
            assert not subscribed["was_recovering"]
            await client.publish("room:a", {"text": "from the client \u2028 \N{OWL}"})
            await legato.apublish("room:a", ["from", "the", "server", None, 1.5])
            first = await client.event("publication")
            second = await client.event("publication")
    assert first["data"] == {"text": "from the client \u2028 \N{OWL}"}
    assert second["data"] == ["from", "the", "server", None, 1.5]
    assert [first["offset"], second["offset"]] == [1, 2]
    # Who published is known of clients alone; this one is not signed in.
    assert [first["user"], second["user"]] == ["", None]


async def test_channel_without_history_delivers_without_positions(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            await client.subscribed("ticker:a")
            await legato.apublish("ticker:a", 1)
            publication = await client.event("publication")
    assert (publication["data"], publication["offset"]) == (1, 0)


async def test_history_can_be_read_in_part_and_as_a_whole(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            for number in range(3):
                await legato.apublish("room:a", number)
            top = await client.history("room:a", 0)
            part = await client.history("room:a", 2)
            whole = await client.history("room:a", -1)
    assert (top["offset"], top["publications"]) == (3, [])
    assert [found["data"] for found in part["publications"]] == [0, 1]
    assert [found["offset"] for found in whole["publications"]] == [1, 2, 3]
    assert top["epoch"] == part["epoch"] == whole["epoch"] != ""


async def test_unsubscribed_client_gets_nothing_more(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            await client.subscribed("room:a")
            await client.subscribed("room:b")
            await client.unsubscribe("room:a")
            assert (await client.event("unsubscribed"))["code"] == 0
            # Commands are handled in order, so the server knows of it by now.
            await client.history("room:b", 0)
            await legato.apublish("room:a", "unwanted")
            await legato.apublish("room:b", "last")
            assert await client.publications(until="last") == ["last"]


@pytest.mark.parametrize(
    ("channel", "code"),
    [("closed", 103), ("private:1", 103), ("nobody:a", 102), ("room:é", 107)],
)
async def test_refused_subscription_ends_for_good_with_the_code(
    sdk: Sdk, channel: str, code: int
) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            await client.subscribe(channel)
            assert (await client.event("unsubscribed"))["code"] == code
            # The connection lives on.
            await client.subscribed("room:a")


async def test_refused_publish_and_history_raise_the_code(sdk: Sdk) -> None:
    async with serve() as server, Network(server.port) as network:
        async with sdk(network) as client:
            await client.connected()
            with pytest.raises(CommandError, match="103"):
                await client.publish("ticker:a", "nobody may")
            with pytest.raises(CommandError, match="108"):
                await client.history("ticker:a", 1)
