"""The WebSocket class over bare sockets, where a peer can do what no library would."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri

import legato
from legato.realtime.client.connection import Connection
from legato.realtime.transports import websocket
from legato.server import protocol
from legato.server.protocol import (
    MAX_FRAGMENTS,
    MAX_UNREAD,
    MAX_WAITING,
    WebSocketProtocol,
)
from tests.conftest import MS, LiveServer, run_server
from tests.peer import TIMEOUT, Peer

LegatoSettings = Callable[..., None]

CONNECT = b'{"id":1,"connect":{}}'
READ_SIZE = 256 * 1024
"""What asyncio takes from a socket at once."""
MOST_MESSAGES = 400
"""Of 60 KB each: more than the system buffers between two sockets."""


class RawPeer:
    """A WebSocket client that sends frames as it is told and reads when asked to."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.protocol = ClientProtocol(parse_uri(url), max_size=None)
        self._events: Iterator[Any] = iter(())

    async def shake_hands(self, **headers: str) -> int:
        """The status of the handshake."""
        request = self.protocol.connect()
        for name, value in headers.items():
            header = name.replace("_", "-")
            request.headers.pop(header, None)
            request.headers[header] = value
        self.protocol.send_request(request)
        self.writer.write(b"".join(self.protocol.data_to_send()))
        response = await self.event()
        return int(response.status_code)

    async def send(self, payload: bytes) -> None:
        self.writer.write(frame(payload))
        await self.writer.drain()

    def stop_reading(self) -> None:
        transport: Any = self.writer.transport
        transport.pause_reading()

    def go_on_reading(self) -> None:
        transport: Any = self.writer.transport
        transport.resume_reading()

    async def event(self) -> Any:
        """The next frame or response; asyncio.IncompleteReadError at the end."""
        while True:
            for event in self._events:
                return event
            async with asyncio.timeout(TIMEOUT):
                data = await self.reader.read(READ_SIZE)
            if not data:
                raise asyncio.IncompleteReadError(b"", None)
            self.protocol.receive_data(data)
            # What the library would answer is not sent.
            self.protocol.data_to_send()
            self._events = iter(self.protocol.events_received())

    async def reply(self) -> Any:
        event = await self.event()
        assert event.opcode is Opcode.TEXT
        return json.loads(event.data)

    async def close(self) -> Close:
        """The close frame that the server sends; what comes before it is dropped."""
        while True:
            event = await self.event()
            if event.opcode is Opcode.CLOSE:
                return Close.parse(event.data)

    async def is_cut(self) -> bool:
        """True once the connection has ended without a further word."""
        async with asyncio.timeout(TIMEOUT):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


def frame(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def fragments(*parts: bytes) -> bytes:
    """One message in as many frames."""
    opcodes = itertools.chain([Opcode.TEXT], itertools.repeat(Opcode.CONT))
    last = len(parts) - 1
    return b"".join(
        frame(part, opcode, fin=number == last)
        for number, (part, opcode) in enumerate(zip(parts, opcodes, strict=False))
    )


@asynccontextmanager
async def open_peer(server: LiveServer) -> AsyncIterator[RawPeer]:
    """A TCP connection on which nothing was said."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, limit=READ_SIZE
    )
    try:
        yield RawPeer(reader, writer, server.url)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def connected_peer(server: LiveServer) -> AsyncIterator[RawPeer]:
    async with open_peer(server) as peer:
        assert await peer.shake_hands() == 101
        await peer.send(CONNECT)
        assert (await peer.reply())["id"] == 1
        yield peer


def server_side(server: LiveServer) -> WebSocketProtocol:
    """The server's end of the only connection."""
    [member] = server.node.hub.members.values()
    assert isinstance(member, Connection)
    assert isinstance(member.outbox._sink, WebSocketProtocol)
    return member.outbox._sink


async def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(1 * MS)


@pytest.fixture
def _short_close_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (protocol, websocket):
        monkeypatch.setattr(module, "CLOSE_TIMEOUT", 50 * MS)


# ── the handshake ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", ["", " ", "\t"], ids=["empty", "space", "tab"])
async def test_blank_subprotocol_header_is_no_error(
    raw_server: LiveServer, value: str
) -> None:
    async with open_peer(raw_server) as peer:
        assert await peer.shake_hands(Sec_WebSocket_Protocol=value) == 101
        await peer.send(CONNECT)
        assert "connect" in await peer.reply()


async def test_handshake_of_another_version_is_refused(raw_server: LiveServer) -> None:
    async with open_peer(raw_server) as peer:
        assert await peer.shake_hands(Sec_WebSocket_Version="7") == 400


# ── fragments and sizes ─────────────────────────────────────────────────────


async def test_message_may_come_in_fragments(raw_server: LiveServer) -> None:
    async with open_peer(raw_server) as peer:
        assert await peer.shake_hands() == 101
        padding = [b" "] * (MAX_FRAGMENTS - 1)
        peer.writer.write(fragments(CONNECT, *padding))
        assert "connect" in await peer.reply()


@pytest.mark.parametrize("extra", [1, 5000], ids=["one too many", "far too many"])
async def test_too_many_fragments_end_the_connection(
    raw_server: LiveServer, extra: int
) -> None:
    async with connected_peer(raw_server) as peer, raw_server.connected() as other:
        await other.subscribe("room:a")
        # Empty fragments add nothing to the size and would never meet that limit.
        peer.writer.write(fragments(*[b""] * (MAX_FRAGMENTS + extra)))
        assert (await peer.close()).code == 1009
        assert await peer.is_cut()
        await until(lambda: len(raw_server.node.hub.members) == 1)
        await legato.apublish("room:a", 1)
        assert (await other.publication())["data"] == 1


async def test_message_limit_counts_all_fragments(
    raw_server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(message_max_size=1000)
    async with connected_peer(raw_server) as peer:
        rpc = b'{"id":2,"rpc":{}}'
        peer.writer.write(fragments(rpc, b" " * 500, b" " * (500 - len(rpc))))
        assert (await peer.reply())["error"]["code"] == 108
        peer.writer.write(fragments(rpc, b" " * 500, b" " * (501 - len(rpc))))
        assert (await peer.close()).code == 1009
        assert await peer.is_cut()


async def test_announced_size_is_judged_before_the_message_has_come(
    raw_server: LiveServer,
) -> None:
    async with connected_peer(raw_server) as peer:
        header = frame(b"x" * 70_000)[:14]
        peer.writer.write(header)
        assert (await peer.close()).code == 1009


VIOLATIONS = {
    "a frame without a mask": Frame(Opcode.TEXT, CONNECT).serialize(mask=False),
    "a reserved bit": b"\xf1\x80\0\0\0\0",
    "an unknown opcode": b"\x83\x80\0\0\0\0",
    "a continuation of nothing": frame(b"x", Opcode.CONT),
    "a message within a message": frame(b"", fin=False) + frame(CONNECT),
    "a fragmented ping": b"\x09\x80\0\0\0\0",
    "a long ping": b"\x89\xfe\0\x7e\0\0\0\0" + b"x" * 126,
    "a close with half a code": frame(b"\x03", Opcode.CLOSE),
}


async def test_violations_of_the_framing_end_the_connection(
    raw_server: LiveServer, subtests: pytest.Subtests
) -> None:
    async with raw_server.connected() as other:
        await other.subscribe("room:a")
        for name, data in VIOLATIONS.items():
            with subtests.test(name):
                async with connected_peer(raw_server) as peer:
                    peer.writer.write(data)
                    assert (await peer.close()).code == 1002
                    assert await peer.is_cut()
        await until(lambda: len(raw_server.node.hub.members) == 1)
        await legato.apublish("room:a", 1)
        assert (await other.publication())["data"] == 1


# ── pings of the WebSocket protocol itself ──────────────────────────────────


async def test_native_ping_is_answered(raw_server: LiveServer) -> None:
    async with connected_peer(raw_server) as peer:
        peer.writer.write(frame(b"are you there", Opcode.PING))
        pong = await peer.event()
        assert (pong.opcode, pong.data) == (Opcode.PONG, b"are you there")


class Recording(WebSocketProtocol):
    """Remembers how much was ever left unsent."""

    largest = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        Recording.largest = max(Recording.largest, self.buffer_size())


async def test_pings_of_a_peer_that_reads_no_pongs_cost_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Recording, "largest", 0)
    async with run_server(Recording) as server, connected_peer(server) as peer:
        peer.stop_reading()
        flood = frame(b"x" * 125, Opcode.PING) * 500
        after_the_bound = 0
        while after_the_bound < 20:
            peer.writer.write(flood)
            await peer.writer.drain()
            after_the_bound += Recording.largest > MAX_UNREAD
        # Once it reads again, its pings are answered again.
        peer.go_on_reading()
        peer.writer.write(frame(b"last", Opcode.PING))
        while (await peer.event()).data != b"last":
            pass
        assert Recording.largest < MAX_UNREAD + 2 * READ_SIZE


# ── the end ─────────────────────────────────────────────────────────────────


async def test_close_handshake_ends_with_the_answer(raw_server: LiveServer) -> None:
    async with connected_peer(raw_server) as peer:
        await peer.send(CONNECT)  # a second time
        close = await peer.close()
        assert (close.code, close.reason) == (3501, "bad request")
        peer.writer.write(frame(close.serialize(), Opcode.CLOSE))
        assert await peer.is_cut()


@pytest.mark.usefixtures("_short_close_timeout")
async def test_peer_that_does_not_answer_a_close_is_cut(
    raw_server: LiveServer,
) -> None:
    async with connected_peer(raw_server) as peer:
        await peer.send(CONNECT)
        assert (await peer.close()).code == 3501
        assert await peer.is_cut()


@pytest.mark.usefixtures("_short_close_timeout")
async def test_peer_that_reads_nothing_is_cut_with_data_unsent(
    raw_server: LiveServer,
) -> None:
    async with connected_peer(raw_server) as peer:
        await peer.send(b'{"id":2,"subscribe":{"channel":"room:a"}}')
        assert (await peer.reply())["id"] == 2
        peer.stop_reading()
        connection = server_side(raw_server)
        while raw_server.node.hub.members:
            await legato.apublish("room:a", "x" * 60_000)
            await asyncio.sleep(0)
        assert connection.buffer_size() > 0
        assert raw_server.node.stats.disconnects == {3008: 1}
        await until(lambda: connection not in connection.connections)


ENDINGS = {
    "a violation": frame(b"x", Opcode.CONT),
    "a close": frame(Close(1000, "").serialize(), Opcode.CLOSE),
    "an end of the stream": None,
}


@pytest.mark.usefixtures("_short_close_timeout")
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
async def test_peer_that_ends_the_connection_and_reads_nothing_is_cut(
    raw_server: LiveServer, ending: bytes | None
) -> None:
    async with connected_peer(raw_server) as peer:
        await fill_buffers(raw_server, peer)
        connection = server_side(raw_server)
        assert connection.buffer_size() > 0
        if ending is None:
            peer.writer.write_eof()
        else:
            peer.writer.write(ending)
        await until(lambda: not raw_server.node.hub.members)
        await until(lambda: connection not in connection.connections)


async def fill_buffers(server: LiveServer, peer: RawPeer) -> None:
    """Have the peer read nothing, and the server something it cannot send."""
    await peer.send(b'{"id":2,"subscribe":{"channel":"room:a"}}')
    assert (await peer.reply())["id"] == 2
    peer.stop_reading()
    # More than the system might still take in later.
    while server_side(server).buffer_size() < 500_000:
        await legato.apublish("room:a", "x" * 60_000)
        await asyncio.sleep(0)


async def test_shutdown_ends_every_connection_with_3001() -> None:
    running = run_server(WebSocketProtocol)
    server = await running.__aenter__()
    async with connected_peer(server) as peer, open_peer(server) as other:
        assert await other.shake_hands() == 101
        stopping = asyncio.create_task(running.__aexit__(None, None, None))
        for each in (peer, other):
            close = await each.close()
            assert (close.code, close.reason) == (3001, "shutdown")
            each.writer.write(frame(close.serialize(), Opcode.CLOSE))
            assert await each.is_cut()
        await stopping
    assert server.node.stats.disconnects == {3001: 2}


@pytest.mark.usefixtures("_short_close_timeout")
async def test_shutdown_does_not_wait_for_peers_that_read_nothing() -> None:
    running = run_server(WebSocketProtocol)
    server = await running.__aenter__()
    async with connected_peer(server) as peer:
        await fill_buffers(server, peer)
        async with asyncio.timeout(TIMEOUT):
            await running.__aexit__(None, None, None)
    assert server.node.stats.disconnects == {3001: 1}


@pytest.mark.usefixtures("_short_close_timeout")
async def test_shutdown_does_not_wait_for_a_hook_under_way() -> None:
    running = run_server(WebSocketProtocol)
    server = await running.__aenter__()
    async with connected_peer(server) as peer:
        await peer.send(b'{"id":2,"subscribe":{"channel":"unruly:slow"}}')
        await until(lambda: server.node.stats.commands["subscribe"] == 1)
        stopping = asyncio.create_task(running.__aexit__(None, None, None))
        close = await peer.close()
        assert close.code == 3001
        peer.writer.write(frame(close.serialize(), Opcode.CLOSE))
        # The hook's own time limit is 10 s.
        async with asyncio.timeout(TIMEOUT):
            await stopping


# ── back-pressure ───────────────────────────────────────────────────────────


async def test_nothing_more_is_read_while_a_command_is_under_way(
    raw_server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(hook_timeout=1.0)
    async with connected_peer(raw_server) as peer:
        await peer.send(b'{"id":2,"subscribe":{"channel":"unruly:slow"}}')
        await until(lambda: raw_server.node.stats.commands["subscribe"] == 1)
        rpc = frame(b'{"id":3,"rpc":{"data":"' + b"x" * 60_000 + b'"}}')
        sent = 0
        with contextlib.suppress(TimeoutError):
            # At last the system's buffers are full: drain() waits in vain.
            while sent < MOST_MESSAGES:
                sent += 1
                peer.writer.write(rpc)
                await asyncio.wait_for(peer.writer.drain(), 50 * MS)
        assert sent < MOST_MESSAGES, "the server went on reading"
        assert raw_server.node.stats.commands == {"connect": 1, "subscribe": 1}
        assert (await peer.reply())["error"]["code"] == 100
        for _ in range(sent):
            assert (await peer.reply())["error"]["code"] == 108


async def test_too_many_messages_at_once_end_the_connection(
    raw_server: LiveServer, legato_settings: LegatoSettings
) -> None:
    legato_settings(hook_timeout=200 * MS)
    async with connected_peer(raw_server) as peer:
        await peer.send(b'{"id":2,"subscribe":{"channel":"unruly:slow"}}')
        await until(lambda: raw_server.node.stats.commands["subscribe"] == 1)
        # They are small enough to come in one piece, behind a command under way.
        peer.writer.write(frame(b"{}") * 4 * MAX_WAITING)
        assert (await peer.close()).code == 3013
        await until(lambda: not raw_server.node.hub.members)
        assert raw_server.node.stats.disconnects == {3013: 1}


# ── compression ─────────────────────────────────────────────────────────────


class Compressing(WebSocketProtocol):
    """What uvicorn's own command line does by default."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        config.ws_per_message_deflate = True
        super().__init__(config, *args, **kwargs)


@asynccontextmanager
async def compressing_peer() -> AsyncIterator[tuple[LiveServer, Peer]]:
    async with run_server(Compressing) as server:
        async with connect(server.url, compression="deflate", proxy=None) as websocket:
            [extension] = websocket.protocol.extensions
            assert extension.name == "permessage-deflate"
            yield server, Peer(websocket)


async def test_uncompressed_frames_are_understood_where_compression_was_agreed() -> (
    None
):
    async with compressing_peer() as (_, peer):
        # The client compresses what it sends; answers and publications come as
        # finished frames, uncompressed, as permessage-deflate allows for each message.
        await peer.connect()
        await peer.subscribe("room:a")
        for size in (1, 200, 70_000):
            await legato.apublish("room:a", "x" * size)
            assert (await peer.publication())["data"] == "x" * size
        await peer.send('{"id":9,"connect":{}}')
        assert await peer.close_code() == 3501


async def test_message_that_inflates_beyond_the_limit_ends_the_connection() -> None:
    async with compressing_peer() as (server, peer):
        await peer.connect()
        await peer.send(f'{{"id":2,"rpc":{{"data":"{"x" * 10_000_000}"}}}}')
        assert await peer.close_code() == 1009
        await until(lambda: not server.node.hub.members)
