"""An HTTP/1.1 client that shows each piece of an answer when it arrives."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import h11

TIMEOUT = 10.0
READ_SIZE = 65536
MOMENT = 0.05


@dataclass(frozen=True)
class Response:
    """An answer; ``fields`` are its headers in order, names in lower case."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""

    def __getitem__(self, name: str) -> str:
        """The value of a header that has to be there once."""
        [value] = self.all(name)
        return value

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name.lower()]

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection, on which the test decides what is sent when.

    ``fetch()`` is a whole exchange. For all else: ``begin()``, ``send()`` and
    ``end()`` make a request, ``head()`` and ``piece()`` take its answer, and
    ``response()`` takes it whole. ``write()`` sends raw bytes; ``assume_sent()`` says
    that they were a request.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._http = h11.Connection(h11.CLIENT)
        port = writer.get_extra_info("peername")[1]
        self._host = f"127.0.0.1:{port}"

    async def fetch(
        self,
        target: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        headers = dict(headers or {})
        if body:
            headers["Content-Length"] = str(len(body))
        await self.begin(method, target, headers)
        await self.send(body)
        await self.end()
        return await self.response()

    async def begin(
        self, method: str, target: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the head; a body without a Content-Length needs Transfer-Encoding."""
        fields = {"Host": self._host, **(headers or {})}
        request = h11.Request(method=method, target=target, headers=[*fields.items()])
        await self.write(self._http.send(request) or b"")

    def assume_sent(self, method: str = "GET") -> None:
        """The next answer is to a request that was sent as raw bytes."""
        host = [("Host", self._host)]
        self._http.send(h11.Request(method=method, target="/", headers=host))
        self._http.send(h11.EndOfMessage())

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body, in a chunk of its own if it is chunked."""
        if piece:
            await self.write(self._http.send(h11.Data(piece)) or b"")

    async def end(self) -> None:
        await self.write(self._http.send(h11.EndOfMessage()) or b"")

    async def write(self, data: bytes) -> None:
        async with asyncio.timeout(TIMEOUT):
            self.writer.write(data)
            await self.writer.drain()

    async def response(self) -> Response:
        """The whole answer; the connection is ready for another request, if it can."""
        head = await self.head()
        body = b""
        while piece := await self.piece():
            body += piece
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return Response(head.status, head.fields, body)

    async def head(self) -> Response:
        """Status and headers, those of an informational answer too."""
        event = await self._event()
        assert isinstance(event, h11.Response | h11.InformationalResponse), event
        pairs = [
            (name.decode(), value.decode("latin-1")) for name, value in event.headers
        ]
        return Response(event.status_code, pairs)

    async def piece(self) -> bytes:
        """The next piece of the body as it arrives; ``b""`` is its proper end.

        Raises:
            h11.RemoteProtocolError: the answer breaks off.
        """
        event = await self._event()
        if isinstance(event, h11.EndOfMessage):
            return b""
        assert isinstance(event, h11.Data), event
        return bytes(event.data)

    async def is_closed(self) -> bool:
        """True if nothing but the end of the connection comes."""
        async with asyncio.timeout(TIMEOUT):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True

    async def is_silent(self) -> bool:
        """True if nothing comes for a moment; for what a server is known to hold."""
        try:
            async with asyncio.timeout(MOMENT):
                await self._event()
        except TimeoutError:
            return True
        return False

    async def _event(self) -> Any:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            async with asyncio.timeout(TIMEOUT):
                self._http.receive_data(await self.reader.read(READ_SIZE))


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Connection]:
    """A new connection; leaving the block cuts it, whatever was under way."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def fetch(
    port: int, target: str, method: str = "GET", **options: Any
) -> Response:
    """One exchange on a connection of its own."""
    async with connect(port) as connection:
        return await connection.fetch(target, method, **options)
