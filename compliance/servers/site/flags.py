"""Flags, each set once, by which tests and views wait for one another."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from concurrent.futures import Future

TIMEOUT = 10.0

_flags: defaultdict[str, Future[None]] = defaultdict(Future)


def set_flag(name: str) -> None:
    """Wake whoever waits for ``name``, now or later, on any thread or loop."""
    if not _flags[name].done():
        _flags[name].set_result(None)


def is_set(name: str) -> bool:
    return _flags[name].done()


def wait_for(name: str) -> None:
    _flags[name].result(TIMEOUT)


async def await_flag(name: str) -> None:
    """Wait on the loop; being cancelled leaves the flag to others."""
    async with asyncio.timeout(TIMEOUT):
        await asyncio.shield(asyncio.wrap_future(_flags[name]))
