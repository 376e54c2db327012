"""Transports that keep what they are given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any


class MemorySink:
    """A sink that a test reads; ``unread`` plays the transport's own buffer.

    Attributes:
        writes: What was written, each time.
        closed: Code and reason, once closed.
    """

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.unread = 0
        self.closed: tuple[int, str] | None = None
        self.room = asyncio.Event()
        self.room.set()

    def write(self, message: bytes) -> None:
        self.writes.append(message)

    def buffer_size(self) -> int:
        return self.unread

    async def drain(self) -> None:
        await self.room.wait()

    def close(self, code: int, reason: str) -> None:
        assert self.closed is None, "a transport is closed once"
        self.closed = (code, reason)

    @property
    def replies(self) -> list[dict[str, Any]]:
        """Everything written, decoded."""
        lines = b"\n".join(self.writes).splitlines()
        return [json.loads(line) for line in lines]


async def turn(count: int = 1) -> None:
    """Let the event loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what no event announces."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
