"""What the official clients have in common, so that one scenario tests them all."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.network import Network

TIMEOUT = 10.0

Event = dict[str, Any]
"""What a client reports: ``event`` is its name, the rest its context.

connecting, disconnected, subscribing, unsubscribed: ``code`` and ``reason``.
connected: ``client``. subscribed: ``was_recovering`` and ``recovered``.
publication: ``data``, ``offset``, ``user`` of the publisher or None.
"""


class CommandError(Exception):
    """The server's error reply to a command."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class SdkClient(ABC):
    """An official client, driven from a test; it reconnects by itself."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._events: deque[Event] = deque()
        self._reported = asyncio.Event()

    @abstractmethod
    async def connect(self) -> None:
        """Begin to connect; what follows are events."""

    @abstractmethod
    async def subscribe(self, channel: str) -> None:
        """Begin to subscribe; what follows are events."""

    @abstractmethod
    async def unsubscribe(self, channel: str) -> None: ...

    @abstractmethod
    async def publish(self, channel: str, data: Any) -> None: ...

    @abstractmethod
    async def history(self, channel: str, limit: int) -> dict[str, Any]:
        """``publications``, ``offset`` and ``epoch``."""

    async def stop_reading(self) -> None:
        """Take nothing more from the connection there is now.

        A client that cannot do that itself is helped by its network: to the server
        it looks the same.
        """
        self.network.freeze()

    async def go_on_reading(self) -> None:
        self.network.thaw()

    def report(self, event: Event) -> None:
        self._events.append(event)
        self._reported.set()

    async def event(self, name: str) -> Event:
        """The oldest event of this name that was not taken yet."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                for event in self._events:
                    if event["event"] == name:
                        self._events.remove(event)
                        return event
                self._reported.clear()
                await self._reported.wait()

    async def connected(self) -> None:
        """Connect, and wait until it has succeeded."""
        await self.connect()
        await self.event("connected")

    async def subscribed(self, channel: str) -> Event:
        """Subscribe, and wait until it has succeeded."""
        await self.subscribe(channel)
        return await self.event("subscribed")

    async def publications(self, *, until: Any) -> list[Any]:
        """The data of all publications up to the one whose data is ``until``."""
        found: list[Any] = []
        while not found or found[-1] != until:
            found.append((await self.event("publication"))["data"])
        return found


Sdk = Callable[[Network], AbstractAsyncContextManager[SdkClient]]
"""Starts a client behind a network."""
