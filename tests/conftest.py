"""Fixtures: a real server on a free port, once with raw frames and once without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from blockbuster import blockbuster_ctx
from django.test import override_settings

from legato.realtime import wiring
from legato.realtime.channels.registry import registry
from legato.realtime.node.node import Node
from legato.server.protocol import WebSocketProtocol
from legato.server.run import bind
from tests.peer import Peer, connect_peer
from tests.site.asgi import application

MS = 0.001
"""The unit of waiting in tests, in seconds."""

WEBSOCKET_CLASSES: dict[str, Any] = {
    "raw-frames": WebSocketProtocol,
    "plain-send": "websockets-sansio",
}


@dataclass
class LiveServer:
    """A server in the test's own loop."""

    port: int
    node: Node

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/connection/websocket"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def peer(self, **options: Any) -> AsyncIterator[Peer]:
        """A client that has opened the WebSocket and sent nothing yet."""
        async with connect_peer(self.url, **options) as peer:
            yield peer

    @asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator[Peer]:
        """A client whose connect command has succeeded."""
        async with self.peer(**options) as peer:
            await peer.connect()
            yield peer


@asynccontextmanager
async def run_server(websocket_class: Any, app: Any = application) -> Any:
    """Serve ``app`` until the block ends; yields a ``LiveServer``."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(
        app,
        ws=websocket_class,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        found = wiring.find_portal()
        assert found is not None
        yield LiveServer(listener.getsockname()[1], found[0])
    finally:
        await stop_server(server)


async def stop_server(server: uvicorn.Server) -> None:
    """As uvicorn stops, in milliseconds: its own way looks every 100 of them."""
    for listener in server.servers:
        listener.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    async with asyncio.timeout(15):
        while state.connections or state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(1 * MS)
    await server.lifespan.shutdown()


@pytest.fixture(autouse=True)
def _blocking_detector() -> Iterator[None]:
    """Legato's code may not block an event loop: a blocking call there raises."""
    with blockbuster_ctx(scanned_modules=["legato"]):
        yield


@pytest.fixture(params=list(WEBSOCKET_CLASSES))
async def server(request: pytest.FixtureRequest) -> AsyncIterator[LiveServer]:
    """A live server, for each way frames can leave."""
    async with run_server(WEBSOCKET_CLASSES[request.param]) as running:
        yield running


@pytest.fixture
async def raw_server() -> AsyncIterator[LiveServer]:
    """A live server with Legato's own WebSocket class."""
    async with run_server(WebSocketProtocol) as running:
        yield running


@pytest.fixture
def legato_settings() -> Iterator[Callable[..., None]]:
    """Call it with settings in lower case; they hold until the test ends."""
    overrides: list[Any] = []

    def apply(**values: Any) -> None:
        values = {name.upper(): value for name, value in values.items()}
        override = override_settings(LEGATO=values)
        override.enable()
        overrides.append(override)

    yield apply
    for override in reversed(overrides):
        override.disable()


@pytest.fixture
def declared_channels() -> Iterator[None]:
    """Forgets the channels that a test declares."""
    before = list(registry)
    yield
    for channel in list(registry):
        if channel not in before:
            registry.remove(channel)
