"""Commands over a real connection: what each answers, in good order and in bad."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import legato
from legato.realtime.channels.registry import registry
from tests.conftest import LiveServer
from tests.site import channels

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


async def test_subscribing_tells_the_position_where_history_is_kept(
    raw_server: LiveServer,
) -> None:
    async with raw_server.connected() as peer:
        await legato.apublish("room:a", 1)
        result = await peer.subscribe("room:a")
        assert len(result.pop("epoch")) == 8
        assert result == {"recoverable": True, "positioned": True, "offset": 1}
        assert await peer.subscribe("ticker:a") == {}


async def test_a_client_recovers_what_it_missed(server: LiveServer) -> None:
    async with server.connected() as peer:
        epoch = (await peer.subscribe("room:a"))["epoch"]
    for number in range(1, 4):
        await legato.apublish("room:a", number)
    async with server.connected() as peer:
        result = await peer.subscribe("room:a", recover=True, offset=1, epoch=epoch)
        assert result == {
            "recoverable": True,
            "positioned": True,
            "epoch": epoch,
            "was_recovering": True,
            "recovered": True,
            "offset": 1,
            "publications": [{"data": 2, "offset": 2}, {"data": 3, "offset": 3}],
        }
        await legato.apublish("room:a", 4)
        assert await peer.publication() == {"data": 4, "offset": 4}
    assert server.node.stats.recovered == 1


async def test_what_cannot_be_recovered_is_said_and_not_hidden(
    raw_server: LiveServer,
) -> None:
    for number in range(150):
        await legato.apublish("room:a", number)
    async with raw_server.connected() as peer:
        result = await peer.subscribe("room:a", recover=True, offset=3)
        assert result.pop("epoch")
        assert result == {
            "recoverable": True,
            "positioned": True,
            "was_recovering": True,
            "offset": 150,
        }
        reply = {"channel": "room:b", "recover": True, "offset": 3, "flag": 2}
        assert await peer.error_code(subscribe=reply) == 112
        assert "subscribe" in await peer.ask(subscribe={"channel": "room:b"})
    assert raw_server.node.stats.unrecovered == 2


async def test_history_pages_both_ways(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        epoch = (await peer.subscribe("room:a"))["epoch"]
        for number in range(1, 6):
            await legato.apublish("room:a", number)

        async def page(**query: object) -> list[int]:
            reply = await peer.ask(history={"channel": "room:a", **query})
            history = reply["history"]
            assert (history["epoch"], history["offset"]) == (epoch, 5)
            return [publication["offset"] for publication in history["publications"]]

        assert await page() == []
        assert await page(limit=2) == [1, 2]
        assert await page(limit=-1) == [1, 2, 3, 4, 5]
        assert await page(limit=2, since={"offset": 2, "epoch": epoch}) == [3, 4]
        assert await page(limit=2, reverse=True) == [5, 4]
        since = {"offset": 4, "epoch": epoch}
        assert await page(limit=2, reverse=True, since=since) == [3, 2]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"history": {"channel": "ticker:a", "limit": 1}}, 108),
        (
            {
                "history": {
                    "channel": "room:a",
                    "reverse": True,
                    "since": {"offset": 0},
                }
            },
            107,
        ),
        ({"history": {"channel": "room:a", "since": {"epoch": "no"}}}, 112),
        ({"history": {"channel": "private:7", "limit": 1}}, 103),
        ({"subscribe": {"channel": "unheard:of"}}, 102),
        ({"subscribe": {"channel": "closed"}}, 103),
        ({"subscribe": {"channel": "private:7"}}, 103),
        ({"subscribe": {"channel": "room:" + "x" * 255}}, 107),
        ({"subscribe": {"channel": "room:ä"}}, 107),
        ({"subscribe": {"channel": "room:a", "type": 1}}, 108),
        ({"subscribe": {"channel": "room:a", "tf": {"op": "and"}}}, 107),
        ({"subscribe": {"channel": "unruly:authorize"}}, 100),
        ({"subscribe": {"channel": "unruly:truthy"}}, 103),
        ({"subscribe": {"channel": "unruly:error"}}, 456),
        ({"subscribe": {"channel": "unruly:denied"}}, 103),
        ({"subscribe": {"channel": "unruly:object"}}, 100),
        ({"publish": {"channel": "ticker:a", "data": 1}}, 103),
        ({"publish": {"channel": "private:7", "data": 1}}, 103),
        ({"publish": {"channel": "room:a"}}, 107),
        ({"publish": {"channel": "room:a", "data": 1, "type": 1}}, 108),
        ({"publish": {"channel": "unheard:of", "data": 1}}, 102),
        ({"publish": {"channel": "unruly:publish", "data": 1}}, 100),
        ({"presence": {"channel": "room:a"}}, 108),
        ({"presence_stats": {"channel": "room:a"}}, 108),
        ({"rpc": {"method": "x", "data": 1}}, 108),
        ({"sub_refresh": {"channel": "room:a", "token": "x"}}, 103),
        ({"sub_refresh": {"channel": "room:a", "type": 1}}, 108),
    ],
    ids=json.dumps,
)
async def test_a_refused_command_gets_its_code_and_the_connection_lives(
    raw_server: LiveServer, command: dict[str, object], code: int
) -> None:
    async with raw_server.connected() as peer:
        assert await peer.error_code(**command) == code
        assert raw_server.node.stats.errors == {code: 1}
        await peer.subscribe("room:still-here")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"send":{"data":1}}', 3508),
        ('{"id":9,"subscribe":{"channel":"room:a","delta":"other"}}', 3501),
        ('{"id":9,"subscribe":{"channel":"unruly:disconnect"}}', 4100),
    ],
)
async def test_some_commands_end_the_connection(
    raw_server: LiveServer, message: str, code: int
) -> None:
    async with raw_server.connected() as peer:
        await peer.send(message)
        assert await peer.close_code() == code
    assert raw_server.node.stats.disconnects[code] == 1


async def test_subscribing_twice_is_an_error(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        assert await peer.error_code(subscribe={"channel": "room:a"}) == 105


async def test_a_connection_has_a_limit_of_channels(
    legato_settings: Callable[..., None], raw_server: LiveServer
) -> None:
    legato_settings(channel_limit=3)
    async with raw_server.connected() as peer:
        for number in range(3):
            await peer.subscribe(f"room:{number}")
        assert await peer.error_code(subscribe={"channel": "room:4"}) == 106
        await peer.ask(unsubscribe={"channel": "room:0"})
        await peer.subscribe("room:4")


async def test_unsubscribing_always_succeeds_and_stops_the_publications(
    raw_server: LiveServer,
) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("room:a")
        await peer.subscribe("room:b")
        for _ in range(2):
            reply = await peer.ask(unsubscribe={"channel": "room:a"})
            assert reply["unsubscribe"] == {}
        await legato.apublish("room:a", "unheard")
        await legato.apublish("room:b", "heard")
        assert (await peer.push())["channel"] == "room:b"


async def test_on_subscribe_sends_data_along(raw_server: LiveServer) -> None:
    async with raw_server.connected() as peer:
        assert await peer.subscribe("unruly:x") == {"data": {"hello": "x"}}


async def test_what_a_hook_edits_in_place_is_what_everyone_gets(
    raw_server: LiveServer,
) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("signed:a")
        data = {"text": "hi", "author": "forged"}
        await peer.ask(publish={"channel": "signed:a", "data": data})
        assert (await peer.publication())["data"]["author"] == peer.client


async def test_a_hook_that_publishes_nothing_still_answers(
    raw_server: LiveServer,
) -> None:
    async with raw_server.connected() as peer:
        await peer.subscribe("unruly:x")
        reply = await peer.ask(publish={"channel": "unruly:x", "data": 1})
        assert reply["publish"] == {}
        assert raw_server.node.stats.publications == 0


async def test_on_unsubscribe_follows_however_a_client_leaves(
    raw_server: LiveServer,
) -> None:
    channels.LEFT.clear()
    async with raw_server.connected() as peer:
        await peer.subscribe("watched:asked")
        await peer.subscribe("watched:gone")
        await peer.ask(unsubscribe={"channel": "watched:asked"})
        # The reply comes first, then the hook; the next command waits for both.
        await peer.ask(presence={"channel": "room:a"})
        assert [(peer.client, "asked")] == channels.LEFT
    async with raw_server.connected() as other:
        while len(channels.LEFT) < 2:
            await other.ask(presence={"channel": "room:a"})
    assert channels.LEFT[1] == (peer.client, "gone")


async def test_a_slow_hook_is_given_up(
    legato_settings: Callable[..., None], raw_server: LiveServer
) -> None:
    legato_settings(hook_timeout=0.05)
    async with raw_server.connected() as peer:
        assert await peer.error_code(subscribe={"channel": "unruly:slow"}) == 100
        assert raw_server.node.stats.failed_hooks == 1


async def test_anonymous_visitors_come_only_where_a_channel_lets_them(
    raw_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_server.connected() as peer:
        assert await peer.error_code(subscribe={"channel": "private:1"}) == 103
    for channel in registry:
        monkeypatch.setattr(type(channel), "anonymous", False)
    async with raw_server.peer() as peer:
        await peer.send('{"id":1,"connect":{}}')
        assert await peer.close_code() == 3507
