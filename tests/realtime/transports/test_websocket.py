"""Hostile and odd clients: each gets its code, and nobody else notices.

Every test runs against both ways in which frames can leave.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_django import Settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import legato
from legato.realtime.client import connection
from legato.realtime.client.connection import Connection
from legato.realtime.node.hub import Member
from tests.conftest import MS, LiveServer
from tests.peer import TIMEOUT, Peer
from tests.realtime.sinks import until
from tests.site.channels import LEFT

LegatoSettings = Callable[..., None]

BAD_REQUEST = 3501
TOO_BIG = 1009

SMALL_OUTBOX = 256 * 1024


@asynccontextmanager
async def witness(server: LiveServer) -> AsyncIterator[Peer]:
    """Another client, which still gets publications when the block ends."""
    async with server.connected() as peer:
        await peer.subscribe("room:witness")
        yield peer
        await legato.apublish("room:witness", "still here")
        assert (await peer.publication())["data"] == "still here"


def command(id: int, **request: Any) -> str:
    return json.dumps({"id": id, **request})


SUBSCRIBE = command(2, subscribe={"channel": "room:a"})
NESTED = "[" * 30_000 + "]" * 30_000

MALFORMED: dict[str, str | bytes] = {
    "not JSON": "hello",
    "an empty frame": "",
    "only a newline": "\n",
    "a blank line between commands": f"{SUBSCRIBE}\n\n{command(3, rpc={})}",
    "two trailing newlines": f"{SUBSCRIBE}\n\n",
    "a list": "[]",
    "null": "null",
    "half an object": SUBSCRIBE[:-1],
    "two objects on a line": SUBSCRIBE * 2,
    "a byte-order mark": f"\ufeff{SUBSCRIBE}",
    "invalid UTF-8 in binary": b'{"id":2,"rpc":{"data":"\xff"}}',
    "nested too deep": NESTED,
    "a payload nested too deep": (
        f'{{"id":2,"publish":{{"channel":"room:a","data":{NESTED}}}}}'
    ),
    "an unknown key nested too deep": f'{{"id":2,"unknown":{NESTED}}}',
    "an id of the wrong type": '{"id":"2","rpc":{}}',
    "a negative id": '{"id":-1,"rpc":{}}',
    "an id beyond 32 bits": '{"id":4294967296,"rpc":{}}',
    "not a number": '{"id":NaN,"rpc":{}}',
    "a channel of the wrong type": '{"id":2,"subscribe":{"channel":7}}',
    "an unknown command": '{"id":2,"dance":{}}',
    "no command": '{"id":2}',
    "a ping": '{"id":2,"ping":{}}',
    "a refresh": '{"id":2,"refresh":{"token":"x"}}',
    "no channel": '{"id":2,"subscribe":{}}',
    "an unknown delta": ('{"id":2,"subscribe":{"channel":"room:a","delta":"newest"}}'),
}


async def test_malformed_frame_of_a_connected_client_ends_its_connection(
    server: LiveServer, subtests: pytest.Subtests
) -> None:
    async with witness(server):
        for name, frame in MALFORMED.items():
            with subtests.test(name):
                async with server.connected() as peer:
                    await peer.send(frame)
                    assert await peer.close_code() == BAD_REQUEST
        assert server.node.stats.disconnects == {BAD_REQUEST: len(MALFORMED)}


BEFORE_CONNECT = {
    "not JSON": "hello",
    "subscribe": SUBSCRIBE,
    "publish": command(1, publish={"channel": "room:a", "data": 1}),
    "connect without an id": '{"connect":{}}',
    "connect with id 0": command(0, connect={}),
    "a pong": "{}",
    "send": '{"send":{"data":1}}',
}


async def test_anything_but_connect_comes_too_early(
    server: LiveServer, subtests: pytest.Subtests
) -> None:
    async with witness(server):
        for name, frame in BEFORE_CONNECT.items():
            with subtests.test(name):
                async with server.peer() as peer:
                    await peer.send(frame)
                    assert await peer.close_code() == BAD_REQUEST
        assert server.node.stats.disconnects == {BAD_REQUEST: len(BEFORE_CONNECT)}


async def test_second_connect_ends_the_connection(server: LiveServer) -> None:
    async with witness(server), server.connected() as peer:
        await peer.send(command(2, connect={}))
        assert await peer.close_code() == BAD_REQUEST


async def test_send_is_not_available(server: LiveServer) -> None:
    async with witness(server), server.connected() as peer:
        await peer.send('{"send":{"data":{}}}')
        assert await peer.close_code() == 3508
        assert server.node.stats.disconnects == {3508: 1}


async def test_undecodable_text_frame_is_answered_with_1007(
    server: LiveServer,
) -> None:
    async with witness(server), server.connected() as peer:
        await peer.websocket.send(b"\xff", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            await peer.websocket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1007
        assert server.node.stats.disconnects[1007] == 1


@pytest.mark.parametrize("letter", ["x", "é"], ids=["ascii", "two-byte"])
async def test_message_beyond_the_limit_ends_the_connection(
    server: LiveServer, legato_settings: LegatoSettings, letter: str
) -> None:
    legato_settings(message_max_size=1000)
    async with witness(server), server.connected() as peer:
        fits = command(2, rpc={"data": ""})
        fits = fits.replace('""', f'"{"x" * (1000 - len(fits))}"')
        assert len(fits) == 1000
        await peer.send(fits)
        assert (await peer.reply(2))["error"]["code"] == 108
        size = 1001 - len('{"id":3,"rpc":{"data":""}}')
        text = letter * (size // len(letter.encode()) + 1)
        await peer.send(f'{{"id":3,"rpc":{{"data":"{text}"}}}}')
        assert await peer.close_code() == TOO_BIG
        assert server.node.stats.disconnects == {TOO_BIG: 1}


@pytest.mark.parametrize("name", ["subscribe", "publish", "history"])
async def test_channel_name_beyond_the_limits_is_a_bad_request(
    server: LiveServer, name: str
) -> None:
    async with witness(server), server.connected() as peer:
        for channel in ["room:" + "x" * 251, "room:é", "room:\N{OWL}"]:
            request = {name: {"channel": channel, "data": 1}}
            assert await peer.error_code(**request) == 107
        assert server.node.stats.errors == {107: 3}


async def test_longest_channel_name_is_accepted(server: LiveServer) -> None:
    async with server.connected() as peer:
        await peer.subscribe("room:" + "x" * 250)


@pytest.mark.parametrize("separator", ["\n", None], ids=["batched", "single"])
async def test_flood_of_commands_ends_the_connection(
    server: LiveServer, legato_settings: LegatoSettings, separator: str | None
) -> None:
    legato_settings(command_rate=0.001, command_burst=20)
    async with server.connected() as peer, server.connected() as other:
        await other.subscribe("room:witness")
        commands = [command(number, rpc={}) for number in range(2, 22)]
        for frame in [separator.join(commands)] if separator else commands:
            await peer.send(frame)
        assert await peer.close_code() == 3013
        assert server.node.stats.disconnects == {3013: 1}
        # The connect command was the first of the twenty.
        assert server.node.stats.errors == {108: 19}
        await legato.apublish("room:witness", "still here")
        assert (await other.publication())["data"] == "still here"


async def test_pong_without_a_ping_ends_the_connection(server: LiveServer) -> None:
    async with witness(server), server.connected() as peer:
        await peer.send("{}")
        assert await peer.close_code() == BAD_REQUEST


async def test_second_pong_for_a_ping_ends_the_connection(
    server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(ping_interval=50 * MS, pong_timeout=40 * MS)
    async with server.connected() as peer:
        peer.mute = True
        await peer.wait_for_ping()
        await peer.send("{}\n{}")
        assert await peer.close_code() == BAD_REQUEST


async def test_client_that_answers_pings_stays(
    server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(ping_interval=50 * MS, pong_timeout=40 * MS)
    async with server.connected() as peer:
        for _ in range(3):
            await peer.wait_for_ping()
        assert await peer.subscribe("room:a")
        assert not server.node.stats.disconnects


async def test_client_that_never_answers_pings_is_cut_off(
    server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(ping_interval=200 * MS, pong_timeout=100 * MS)
    async with witness(server) as other, server.connected() as peer:
        answering = asyncio.create_task(other.wait_for_ping())
        peer.mute = True
        assert await peer.close_code() == 3012
        await answering
        assert server.node.stats.disconnects == {3012: 1}


async def test_client_that_never_connects_is_cut_off(
    server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(connect_timeout=50 * MS)
    async with witness(server), server.peer() as peer:
        assert await peer.close_code() == 3502
        assert server.node.stats.disconnects == {3502: 1}


class TestRefusedConnect:
    """The session engine cannot be imported, so no connect can succeed."""

    @pytest.fixture(autouse=True)
    def _engine(self, settings: Settings) -> None:
        settings.SESSION_ENGINE = "tests.no_such_engine"

    async def test_next_command_ends_the_connection(self, server: LiveServer) -> None:
        async with server.peer() as peer:
            assert await peer.error_code(connect={}) == 100
            await peer.send(command(2, connect={}))
            assert await peer.close_code() == BAD_REQUEST
            assert server.node.stats.errors == {100: 1}
            assert server.node.stats.disconnects == {BAD_REQUEST: 1}

    async def test_commands_behind_it_in_the_frame_are_dropped(
        self, server: LiveServer
    ) -> None:
        async with server.peer() as peer:
            await peer.send(f"{command(1, connect={})}\n{SUBSCRIBE}")
            assert (await peer.reply(1))["error"]["code"] == 100
            await peer.send("{}")
            assert await peer.close_code() == BAD_REQUEST
            assert server.node.stats.commands == {"connect": 1}

    async def test_silent_client_is_dropped_soon(
        self, server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "REFUSED_TIMEOUT", 20 * MS)
        async with server.peer() as peer:
            assert await peer.error_code(connect={}) == 100
            assert await peer.close_code() == 3502


@pytest.fixture
def _small_outbox(legato_settings: LegatoSettings) -> None:
    # A fixture, because the server reads this when it starts.
    legato_settings(outbox_max_size=SMALL_OUTBOX)


def waiting(member: Member) -> int:
    """Bytes that the server holds for one connection between two turns of the loop."""
    assert isinstance(member, Connection)
    return member.outbox._sink.buffer_size()


@pytest.mark.usefixtures("_small_outbox")
async def test_client_that_never_reads_is_cut_off_and_costs_bounded_memory(
    server: LiveServer,
) -> None:
    size = 32 * 1024
    async with server.connected(max_queue=1) as slow, server.connected() as other:
        await slow.subscribe("room:a")
        await other.subscribe("room:a")
        member = server.node.hub.members[slow.client]
        largest = sent = 0
        while not server.node.stats.disconnects:
            assert sent < 1000, "the client was never cut off"
            await legato.apublish("room:a", "x" * size)
            sent += 1
            largest = max(largest, waiting(member))
            assert (await other.publication())["offset"] == sent
        assert SMALL_OUTBOX - size < largest < SMALL_OUTBOX + 2 * size
        assert server.node.stats.disconnects == {3008: 1}
        assert await slow.close_code() == 3008
        await legato.apublish("room:a", "last")
        assert (await other.publication())["data"] == "last"


@pytest.mark.usefixtures("_small_outbox")
async def test_client_that_asks_without_reading_waits_and_gets_every_answer(
    server: LiveServer,
) -> None:
    for _ in range(4):
        await legato.apublish("room:a", "x" * 24 * 1024)
    async with server.connected(max_queue=1) as peer, server.connected() as other:
        await other.subscribe("room:b")
        member = server.node.hub.members[peer.client]
        request = {"channel": "room:a", "limit": -1}
        ids = range(2, 202)
        for id in ids:
            await peer.send(command(id, history=request))
        # Twenty megabytes of answers: the server stops reading in between.
        await legato.apublish("room:b", "meanwhile")
        assert (await other.publication())["data"] == "meanwhile"
        for id in ids:
            assert len((await peer.reply(id))["history"]["publications"]) == 4
            assert waiting(member) < SMALL_OUTBOX
        assert not server.node.stats.disconnects


ALLOWED_ORIGINS = {
    "none, as of no browser": None,
    "a named host": "http://testserver",
    "a named host on another port": "http://localhost:3000",
    "a trusted origin": "https://desk.example",
    "a trusted subdomain": "https://a.sites.example",
}

FOREIGN_ORIGINS = {
    "a foreign site": "https://evil.example",
    "the scheme of a trusted origin differs": "http://desk.example",
    "a name that begins alike": "https://desk.example.evil.example",
    "a name that ends alike": "https://evilsites.example",
    "a host in the user part": "http://testserver@evil.example",
    "a sandboxed page": "null",
    "a file": "file://",
    "a browser extension": "moz-extension://testserver",
    "not an address": "http://[::1",
    "no host": "http://",
    "empty": "",
}


@pytest.fixture
def _sites(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example", "https://*.sites.example"]


@pytest.mark.usefixtures("_sites")
async def test_pages_of_the_site_may_connect(
    server: LiveServer, subtests: pytest.Subtests
) -> None:
    for name, origin in ALLOWED_ORIGINS.items():
        with subtests.test(name):
            async with server.connected(origin=origin):
                pass
    assert server.node.stats.connections == len(ALLOWED_ORIGINS)


@pytest.mark.usefixtures("_sites")
async def test_pages_of_other_sites_are_refused_at_the_handshake(
    server: LiveServer, subtests: pytest.Subtests
) -> None:
    async with witness(server):
        for name, origin in FOREIGN_ORIGINS.items():
            with subtests.test(name):
                with pytest.raises(InvalidStatus) as refused:
                    async with server.peer(origin=origin):
                        pass
                assert refused.value.response.status_code == 403
        assert server.node.stats.refused_origins == len(FOREIGN_ORIGINS)
        assert server.node.stats.connections == 1  # the witness


async def test_plain_request_to_the_endpoint_is_told_to_upgrade(
    server: LiveServer,
) -> None:
    def fetch() -> urllib.error.HTTPError:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.http}/connection/websocket", timeout=5)
        refused.value.close()
        return refused.value

    answer = await asyncio.to_thread(fetch)
    assert answer.code == 426
    assert answer.headers["Upgrade"] == "websocket"


async def test_websocket_to_another_path_is_refused(server: LiveServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{server.port}/elsewhere", proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_offered_subprotocol_is_chosen_and_unknown_ones_are_ignored(
    server: LiveServer,
) -> None:
    async with server.connected(subprotocols=["unknown", "centrifuge-json"]) as peer:
        assert peer.websocket.subprotocol == "centrifuge-json"
    async with server.connected(subprotocols=["unknown"]) as peer:
        assert peer.websocket.subprotocol is None


async def test_empty_subprotocol_header_is_accepted(raw_server: LiveServer) -> None:
    async with raw_server.connected(subprotocols=[]) as peer:
        assert peer.websocket.subprotocol is None


async def read_replies(peer: Peer, count: int) -> list[dict[str, Any]]:
    """Replies and pushes exactly as they come."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(TIMEOUT):
        while len(found) < count:
            frame = await peer.websocket.recv()
            found += [json.loads(line) for line in frame.splitlines()]
    return found


@pytest.mark.parametrize("ending", ["", "\n"], ids=["as is", "trailing newline"])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
async def test_commands_of_one_frame_are_answered_in_order(
    server: LiveServer, ending: str, binary: bool
) -> None:
    commands = [
        command(1, connect={}),
        command(2, subscribe={"channel": "room:a"}),
        command(3, publish={"channel": "room:a", "data": "x"}),
        command(4, history={"channel": "room:a", "limit": -1}),
        command(5, rpc={}),
        command(6, unsubscribe={"channel": "room:a"}),
        command(7, unsubscribe={"channel": "room:a"}),
    ]
    frame = "\n".join(commands) + ending
    async with server.peer() as peer:
        await peer.send(frame.encode() if binary else frame)
        received = await read_replies(peer, 8)
    assert [reply.get("id") for reply in received] == [1, 2, None, 3, 4, 5, 6, 7]
    assert received[2]["push"]["pub"]["data"] == "x"
    assert received[6] == {"id": 6, "unsubscribe": {}}


async def test_connection_has_a_limited_number_of_channels(server: LiveServer) -> None:
    async with witness(server), server.connected() as peer:
        for number in range(128):
            await peer.subscribe(f"ticker:{number}")
        last = {"channel": "ticker:128"}
        assert await peer.error_code(subscribe=last) == 106
        await peer.ask(unsubscribe={"channel": "ticker:0"})
        await peer.subscribe("ticker:128")
        assert server.node.stats.errors == {106: 1}


async def test_channel_can_be_subscribed_once(server: LiveServer) -> None:
    async with witness(server), server.connected() as peer:
        await peer.send(f"{SUBSCRIBE}\n{command(3, subscribe={'channel': 'room:a'})}")
        assert "subscribe" in await peer.reply(2)
        assert (await peer.reply(3))["error"]["code"] == 105
        # The first subscription is unharmed.
        await legato.apublish("room:a", 1)
        assert (await peer.publication())["data"] == 1


NOT_AVAILABLE = {
    "rpc": {"method": "x"},
    "presence": {"channel": "room:a"},
    "presence_stats": {"channel": "room:a"},
}


async def test_what_is_not_served_is_an_error_and_no_disconnect(
    server: LiveServer,
) -> None:
    async with server.connected() as peer:
        for name, request in NOT_AVAILABLE.items():
            assert await peer.error_code(**{name: request}) == 108
        await peer.subscribe("room:a")


@pytest.mark.parametrize("farewell", ["close", "abort"])
async def test_client_that_leaves_is_forgotten(
    server: LiveServer, caplog: pytest.LogCaptureFixture, farewell: str
) -> None:
    async with server.connected() as peer:
        await peer.subscribe("watched:a")
        if farewell == "close":
            await peer.websocket.close()
        else:
            peer.websocket.transport.abort()
        deadline = time.monotonic() + TIMEOUT
        while (peer.client, "a") not in LEFT:
            assert time.monotonic() < deadline
            await asyncio.sleep(1 * MS)
        assert not server.node.hub.members
        assert server.node.stats.disconnects == {3000: 1}
    await legato.apublish("watched:a", 1)
    assert server.node.stats.deliveries == 0
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_client_that_stalls_and_reads_on_gets_everything_in_order(
    server: LiveServer,
) -> None:
    async with server.connected(max_queue=1) as peer:
        await peer.subscribe("ticker:a")
        member = server.node.hub.members[peer.client]
        sent = 0
        while waiting(member) < 300_000:
            assert sent < 20_000, "the client never fell behind"
            for _ in range(50):
                sent += 1
                await legato.apublish("ticker:a", [sent, "x" * 2_000])
            await asyncio.sleep(0)
        assert isinstance(member, Connection)
        member.close(4100, "enough")
        for number in range(1, sent + 1):
            assert (await peer.publication())["data"][0] == number
        assert await peer.close_code() == 4100


async def test_commands_that_come_with_the_handshake_are_bounded_as_well(
    server: LiveServer,
) -> None:
    for _ in range(4):
        await legato.apublish("room:a", "x" * 24 * 1024)
    histories = [
        command(id, history={"channel": "room:a", "limit": -1}) for id in range(2, 202)
    ]
    async with server.peer(max_queue=1) as peer:
        await peer.send("\n".join([command(1, connect={}), *histories]))
        await until(lambda: server.node.hub.members)
        (member,) = server.node.hub.members.values()
        for id in range(2, 202):
            assert waiting(member) < 1_048_576
            assert "history" in await peer.reply(id)
