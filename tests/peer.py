"""A client that speaks the wire protocol command by command, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TIMEOUT = 5.0


class Peer:
    """Sends commands and sorts what comes back into replies and pushes.

    Attributes:
        pings: Pings received; each is answered unless ``mute`` is set.
    """

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.pings = 0
        self.mute = False
        self.client = ""
        self._last_id = 0
        self._replies: dict[int, dict[str, Any]] = {}
        self._pushes: deque[dict[str, Any]] = deque()

    async def send(self, text: str | bytes) -> None:
        await self.websocket.send(text)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and return its whole reply."""
        id = self.next_id()
        await self.send(json.dumps({"id": id, **command}))
        return await self.reply(id)

    async def reply(self, id: int) -> dict[str, Any]:
        while id not in self._replies:
            await self._receive()
        return self._replies.pop(id)

    async def connect(self, **request: Any) -> dict[str, Any]:
        reply = await self.ask(connect=request)
        result: dict[str, Any] = reply["connect"]
        self.client = result["client"]
        return result

    async def subscribe(self, channel: str, **request: Any) -> dict[str, Any]:
        """The result of a subscribe that has to succeed."""
        reply = await self.ask(subscribe={"channel": channel, **request})
        assert "subscribe" in reply, reply
        result: dict[str, Any] = reply["subscribe"]
        return result

    async def push(self) -> dict[str, Any]:
        """The next push, in the order of arrival."""
        while not self._pushes:
            await self._receive()
        return self._pushes.popleft()

    async def publication(self) -> dict[str, Any]:
        push = await self.push()
        assert "pub" in push, push
        publication: dict[str, Any] = push["pub"]
        return publication

    async def error_code(self, **command: Any) -> int:
        """The code of the error that answers a command."""
        reply = await self.ask(**command)
        code: int = reply["error"]["code"]
        return code

    async def close_code(self) -> int:
        """The code with which the server ends the connection."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._receive()
        code = self.websocket.close_code
        assert code not in (None, 1005, 1006), "the connection was cut without a close"
        assert self.websocket.close_reason, "a close needs a reason"
        return int(code or 0)

    async def wait_for_ping(self) -> None:
        before = self.pings
        while self.pings == before:
            await self._receive()

    async def _receive(self) -> None:
        async with asyncio.timeout(TIMEOUT):
            frame = await self.websocket.recv()
        for line in frame.splitlines():
            reply = json.loads(line)
            if "push" in reply:
                self._pushes.append(reply["push"])
            elif "id" in reply:
                self._replies[reply["id"]] = reply
            else:
                assert reply == {}
                self.pings += 1
                if not self.mute:
                    await self.send("{}")


@asynccontextmanager
async def connect_peer(
    url: str,
    *,
    origin: str | None = None,
    cookie: str | None = None,
    **options: Any,
) -> AsyncIterator[Peer]:
    """An open WebSocket."""
    headers = {"Cookie": cookie} if cookie else {}
    async with connect(
        url,
        origin=origin,  # type: ignore[arg-type]
        additional_headers=headers,
        compression=None,
        proxy=None,
        ping_interval=None,
        **options,
    ) as websocket:
        yield Peer(websocket)
