"""An HTTP/1.1 client that reads when it is told to, piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

TIMEOUT = 15


class Answer:
    """The response to one request; its body waits in the connection until read."""

    def __init__(
        self, reader: asyncio.StreamReader, status: int, headers: dict[str, str]
    ) -> None:
        self._reader = reader
        self.status = status
        self.headers = headers
        self.body = b""
        self._left = int(headers.get("content-length", 0))
        self._chunked = headers.get("transfer-encoding") == "chunked"

    async def piece(self) -> bytes:
        """The next piece as the server sent it, "" after the last."""
        async with asyncio.timeout(TIMEOUT):
            if self._chunked:
                size = int(await self._reader.readline(), 16)
                piece = await self._reader.readexactly(size)
                await self._reader.readexactly(2)
                return piece
            piece = await self._reader.read(min(self._left, 65536))
            assert piece or not self._left, "the server cut the body short"
            self._left -= len(piece)
            return piece

    async def read(self) -> bytes:
        """The rest of the body, which is kept in ``body`` too."""
        body = bytearray()
        while piece := await self.piece():
            body += piece
        self.body = bytes(body)
        return self.body

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection, kept alive."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Send a request; ``content-length`` in ``headers`` may promise more."""
        lines = {"host": "testserver", "content-length": str(len(body))}
        lines |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        async with asyncio.timeout(TIMEOUT):
            await self._writer.drain()

    async def answer(self) -> Answer:
        """The head of the response."""
        async with asyncio.timeout(TIMEOUT):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        return Answer(self._reader, int(head[0].split()[1]), headers)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request and read the whole response."""
        await self.send("GET", path, headers)
        answer = await self.answer()
        await answer.read()
        return answer

    def cut(self) -> None:
        """Go away without a word more than the network's."""
        self._writer.transport.abort()


@asynccontextmanager
async def connect(
    port: int, receive_buffer: int | None = None
) -> AsyncIterator[Connection]:
    """A connection to 127.0.0.1, with less than usual buffered where asked."""
    connecting = socket.socket()
    connecting.setblocking(False)
    if receive_buffer:
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(connecting, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=connecting)
    except BaseException:
        connecting.close()
        raise
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Events:
    """A stream of server-sent events, read by a thread that waits for them.

    Two thousand of these cost less than a hundred of the above.
    """

    def __init__(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, TIMEOUT)
        self._connection.request("GET", path, headers=dict(headers))

    def begin(self) -> None:
        """Wait for the head of the response."""
        self._response = self._connection.getresponse()
        assert self._response.status == 200

    def next(self) -> str:
        """The data of the next event."""
        data = self._response.readline().removeprefix(b"data: ")
        assert self._response.readline() == b"\n"
        return data.decode().strip()

    def cut(self) -> None:
        self._response.close()
        self._connection.close()
