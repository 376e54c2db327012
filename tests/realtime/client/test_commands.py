"""Commands over a real connection: what each answers, in good order and in bad."""

from __future__ import annotations

import pytest

from tests.conftest import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


async def test_connect_announces_the_client_and_the_pings(server: LiveServer) -> None:
    async with server.peer() as peer:
        result = await peer.connect(name="test")
        assert result["client"]
        assert result["version"].startswith("Legato ")
        assert (result["ping"], result["pong"]) == (25, True)


async def test_publication_reaches_every_subscriber_with_its_position(
    server: LiveServer,
) -> None:
    async with server.connected() as one, server.connected() as other:
        await one.subscribe("room:a")
        await other.subscribe("room:a")
        reply = await one.ask(publish={"channel": "room:a", "data": {"x": [1]}})
        assert reply["publish"] == {}
        expected = {
            "data": {"x": [1]},
            "info": {"user": "", "client": one.client},
            "offset": 1,
        }
        assert await one.publication() == expected
        assert await other.publication() == expected
