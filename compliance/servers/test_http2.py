"""HTTP/2 without TLS, under the servers that speak it, as behind a proxy."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, ResponseReceived, StreamEnded

from compliance.servers.client import READ_SIZE, TIMEOUT
from compliance.servers.conftest import RunningServer
from compliance.servers.process import ServerProcess

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)

SERVERS = ["hypercorn", "granian"]


class Http2Connection:
    """Many requests on one connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._http = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._http.initiate_connection()
        self._heads: dict[int, dict[Any, Any]] = {}
        self._bodies: defaultdict[int, bytes] = defaultdict(bytes)
        self._ended: set[int] = set()

    def request(self, path: str, *headers: tuple[str, str], method: str = "GET") -> int:
        """Send a request without a body; the number of its stream."""
        stream = self._http.get_next_available_stream_id()
        pseudo = {":method": method, ":scheme": "http", ":authority": "localhost"}
        fields = [*pseudo.items(), (":path", path), *headers]
        self._http.send_headers(stream, fields, end_stream=True)
        self._flush()
        return stream

    def reset(self, stream: int) -> None:
        self._http.reset_stream(stream, ErrorCodes.CANCEL)
        self._flush()

    async def response(self, stream: int) -> tuple[dict[Any, Any], bytes]:
        """Headers and body, once the stream has ended."""
        while stream not in self._ended:
            await self._receive()
        return self._heads[stream], self._bodies[stream]

    async def body_until(self, stream: int, text: bytes) -> None:
        while text not in self._bodies[stream]:
            await self._receive()

    def _flush(self) -> None:
        self._writer.write(self._http.data_to_send())

    async def _receive(self) -> None:
        async with asyncio.timeout(TIMEOUT):
            data = await self._reader.read(READ_SIZE)
        assert data, "the connection has ended"
        for event in self._http.receive_data(data):
            match event:
                case ResponseReceived(stream_id=stream, headers=headers):
                    self._heads[stream] = dict(headers)
                case DataReceived(stream_id=stream, data=piece):
                    self._bodies[stream] += piece
                    self._http.acknowledge_received_data(len(piece), stream)
                case StreamEnded(stream_id=stream):
                    self._ended.add(stream)
        self._flush()


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Http2Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Http2Connection(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture(params=SERVERS)
def http2_server(
    request: pytest.FixtureRequest, processes: dict[str, ServerProcess]
) -> RunningServer:
    return RunningServer(request.param, processes[request.param])


async def test_streams_share_a_connection(
    http2_server: RunningServer, name: str
) -> None:
    async with connect(http2_server.port) as connection:
        waiting = connection.request(f"/async/stream/{name}")
        await connection.body_until(waiting, b"first;")
        for kind in ("sync", "async"):
            head, body = await connection.response(
                connection.request(f"/{kind}/echo/caf%C3%A9?q=a+b", ("x-odd", "Value"))
            )
            seen: dict[str, Any] = json.loads(body)
            assert head[":status"] == "200"
            assert seen["path"] == f"/{kind}/echo/café"
            assert seen["query"] == {"q": ["a b"]}
            assert seen["headers"]["X-Odd"] == "Value"
            assert seen["host"] == "localhost"
        await http2_server.set_flag(f"{name}-go")
        _, body = await connection.response(waiting)
        assert body == b"first;second;"


async def test_big_answers_arrive_whole(http2_server: RunningServer, kind: str) -> None:
    async with connect(http2_server.port) as connection:
        file = connection.request(f"/{kind}/file")
        pieces = connection.request(f"/{kind}/many")
        head, body = await connection.response(file)
        assert len(body) == int(head["content-length"]) == 5_120_000
        _, body = await connection.response(pieces)
        assert len(body) == 655_360
        head, body = await connection.response(
            connection.request(f"/{kind}/file", method="HEAD")
        )
        assert (head[":status"], body) == ("200", b"")


async def test_view_is_cancelled_when_its_stream_is_reset(
    http2_server: RunningServer, name: str
) -> None:
    async with connect(http2_server.port) as connection:
        stream = connection.request(f"/async/waits/{name}")
        await http2_server.wait_for_flag(f"{name}-began")
        connection.reset(stream)
        await http2_server.wait_for_flag(f"{name}-cancelled")
        _, body = await connection.response(connection.request("/sync/echo"))
        assert json.loads(body)["method"] == "GET"


async def test_cookies_that_come_one_by_one_are_all_seen(
    http2_server: RunningServer, kind: str
) -> None:
    cookies = [("cookie", "one=1"), ("cookie", "two=2")]
    async with connect(http2_server.port) as connection:
        stream = connection.request(f"/{kind}/echo", *cookies)
        _, body = await connection.response(stream)
    both = {"one": "1", "two": "2"}
    assert json.loads(body)["cookies"] == http2_server.expected("split cookies", both)
