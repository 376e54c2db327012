"""Start, a prefix, live channels, and the end, under every server."""

from __future__ import annotations

import json

import pytest
from websockets.asyncio.client import connect as connect_websocket

from compliance.servers.client import connect, fetch
from compliance.servers.commands import COMMANDS, PREFIXES, Prefix
from compliance.servers.complaints import complaints
from compliance.servers.conftest import RunningServer
from compliance.servers.process import ServerProcess

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)

LIFESPAN = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("name", COMMANDS)
async def test_server_starts_and_ends_the_application(
    prefixed_processes: dict[str, ServerProcess], name: str
) -> None:
    server = RunningServer(name, prefixed_processes[name])
    prefix = PREFIXES.get(name, Prefix("", requested=""))
    script_name = "/app" if prefix.option else ""
    async with connect(server.port) as connection:
        target = f"{prefix.requested}/async/echo/a"
        seen = (await connection.fetch(target)).json()
        assert seen["script_name"] == script_name
        assert seen["path"] == f"{script_name}/async/echo/a"
        assert seen["path_info"] == "/async/echo/a"
        # An open connection without a request does not hold the server up.
        assert server.process.stop() == server.expected("exit code", 0)
        assert await connection.is_closed()
    output = server.process.output
    lifespan = [line for line in output.splitlines() if line.startswith("lifespan.")]
    assert lifespan == server.expected("lifespan", LIFESPAN)
    assert not complaints(output)


async def test_live_channel_works(server: RunningServer, name: str) -> None:
    url = f"ws://127.0.0.1:{server.port}/connection/websocket"
    async with connect_websocket(url, proxy=None) as websocket:
        await websocket.send('{"id":1,"connect":{}}')
        assert json.loads(await websocket.recv())["id"] == 1
        await websocket.send(f'{{"id":2,"subscribe":{{"channel":"room:{name}"}}}}')
        assert json.loads(await websocket.recv())["id"] == 2
        await fetch(server.port, f"/publish/room:{name}?text=hello")
        push = json.loads(await websocket.recv())["push"]
        assert push["pub"]["data"] == {"text": "hello"}
