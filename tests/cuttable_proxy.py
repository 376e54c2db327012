from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType


class CuttableProxy:
    """A TCP proxy that can take one client's network away and give it back.

    A browser told to go offline may keep the WebSockets that are already open.
    Behind this proxy they are truly gone: ``cut()`` resets every connection and
    every new one until ``restore()``. ``mute()`` leaves connections open but
    withholds whatever the server sends, as when a reply is lost on its way::

        async with CuttableProxy(port) as proxy:
            await page.goto(proxy.url)
            proxy.cut()
            ...
            proxy.restore()
    """

    def __init__(self, server_port: int, host: str = "127.0.0.1") -> None:
        self.host = host
        self.server_port = server_port
        self.muted = False
        self._reachable = True
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._links: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._listener is not None, "the proxy has not been entered"
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def cut(self) -> None:
        self._reachable = False
        for writer in self._writers:
            writer.transport.abort()

    def mute(self) -> None:
        self.muted = True

    def restore(self) -> None:
        self._reachable = True
        self.muted = False

    async def __aenter__(self) -> CuttableProxy:
        self._listener = await asyncio.start_server(self._accept, self.host, 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._links, return_exceptions=True)
        await self._listener.wait_closed()

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._reachable:
            writer.transport.abort()
            return
        link = asyncio.create_task(self._link(reader, writer), name="proxy link")
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _link(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        with self._held(to_client):
            try:
                from_server, to_server = await asyncio.open_connection(
                    self.host, self.server_port
                )
            except OSError:
                return
            with self._held(to_server):
                await asyncio.gather(
                    self._pump(from_client, to_server),
                    self._pump(from_server, to_client, replies=True),
                )

    @contextlib.contextmanager
    def _held(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._writers.add(writer)
        # A cut that came while this connection was being opened.
        if not self._reachable:
            writer.transport.abort()
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        replies: bool = False,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if replies and self.muted:
                    continue
                target.write(data)
                await target.drain()
        # Either side may end its half first: the rest of an answer still passes.
        with contextlib.suppress(OSError, RuntimeError):
            if target.can_write_eof():
                target.write_eof()
