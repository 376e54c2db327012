"""The network between a client and a server: a TCP proxy that can fail in two ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from functools import partial
from types import TracebackType

CHUNK = 65536
BACKLOG = 64
RESET = struct.pack("ii", 1, 0)


class Network:
    """Forwards connections to ``server_port``, which may change.

    ``cut()`` resets all connections, and each new one until ``restore()``.
    ``freeze()`` leaves the open connections without a sign of life: nothing passes
    in either direction, not even an end, and nothing is read, so that senders see
    full buffers. New connections work, as through a router that has forgotten the
    old ones. ``mute()`` loses whatever the server sends until ``restore()``, as when
    replies do not get through::

        async with Network(server.port) as network, sdk(network) as client:
            await client.connected()
            network.cut()
            ...
            network.restore()
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.muted = False
        self._reachable = True
        self._flowing: set[asyncio.Event] = set()
        self._links: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._listener.setblocking(False)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/connection/websocket"

    def cut(self) -> None:
        self._reachable = False
        for link in self._links:
            link.cancel()

    def mute(self) -> None:
        self.muted = True

    def restore(self) -> None:
        self._reachable = True
        self.muted = False

    def freeze(self) -> None:
        for flowing in self._flowing:
            flowing.clear()

    def thaw(self) -> None:
        for flowing in self._flowing:
            flowing.set()

    async def __aenter__(self) -> Network:
        asyncio.get_running_loop().add_reader(self._listener, self._accept)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        link = asyncio.create_task(self._serve(client), name="network link")
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        # Not in the task: one cancelled before it begins would close nothing.
        link.add_done_callback(partial(close, client))

    async def _serve(self, client: socket.socket) -> None:
        """Forward one connection until both sides have ended it, or it is cut."""
        flowing = asyncio.Event()
        flowing.set()
        self._flowing.add(flowing)
        with socket.socket() as server:
            try:
                await self._forward(client, server, flowing)
            except BaseException:
                # Whoever is left learns of it at once.
                for end in (client, server):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                raise
            finally:
                self._flowing.discard(flowing)

    async def _forward(
        self, client: socket.socket, server: socket.socket, flowing: asyncio.Event
    ) -> None:
        if not self._reachable:
            raise asyncio.CancelledError
        server.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(server, ("127.0.0.1", self.server_port))
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(pump(client, server, flowing))
                replies = pump(server, client, flowing, lost=lambda: self.muted)
                pumps.create_task(replies)
        except* OSError:
            # Either side may reset, and the server may be down.
            raise asyncio.CancelledError from None


def close(client: socket.socket, link: asyncio.Task[None]) -> None:
    client.close()


async def pump(
    source: socket.socket,
    target: socket.socket,
    flowing: asyncio.Event,
    lost: Callable[[], bool] = lambda: False,
) -> None:
    """Forward until ``source`` ends; what comes while ``lost()`` goes nowhere."""
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(source, CHUNK):
        await flowing.wait()
        if not lost():
            await loop.sock_sendall(target, data)
    await flowing.wait()
    # The other side may be gone already.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
