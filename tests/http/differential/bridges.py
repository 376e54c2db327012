"""Actions that cross between sync and async code, in every nesting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group

from tests.http.differential.journal import Runs, current, note

__all__ = ["ASYNC", "SYNC"]


def descend(depth: int) -> None:
    note(f"sync at depth {depth}", "thread")
    if depth:
        async_to_sync(adescend)(depth - 1)


async def adescend(depth: int) -> None:
    note(f"async at depth {depth}", "loop")
    await asyncio.sleep(0)
    if depth:
        await sync_to_async(descend)(depth - 1)


def nest(request: Any, runs: Runs) -> None:
    descend(4)


async def anest(request: Any, runs: Runs) -> None:
    await adescend(4)


async def agather(request: Any, runs: Runs) -> None:
    """Sync calls from several tasks queue up on the request's thread."""
    calls = (sync_to_async(note)(f"gathered {n}", "thread") for n in range(3))
    await asyncio.gather(*calls)


async def aleave_thread(request: Any, runs: Runs) -> None:
    await sync_to_async(note, thread_sensitive=False)("not thread-sensitive", "apart")


async def astay_behind(request: Any, runs: Runs) -> None:
    """A task that goes on when the request is over, and then needs a thread."""
    journal = current()

    async def later() -> None:
        await journal.over.wait()
        async with journal.turn:
            note("later, async", "loop")
            await sync_to_async(note)("later, sync", "stream")
            note(f"later, {await Group.objects.acount()} groups", "loop")

    journal.tasks.append(asyncio.create_task(later()))


async def afail_below(request: Any, runs: Runs) -> None:
    """An exception comes through both kinds of bridge."""

    def fail() -> None:
        raise KeyError("below")

    @async_to_sync
    async def afail() -> None:
        await sync_to_async(fail)()

    try:
        await sync_to_async(afail)()
    except KeyError as error:
        note(f"caught {error!r}", "loop")


ASYNC: dict[str, Callable[[Any, Runs], Awaitable[None]]] = {
    "nest": anest,
    "gather": agather,
    "leave the thread": aleave_thread,
    "stay behind": astay_behind,
    "fail below": afail_below,
}

SYNC: dict[str, Callable[[Any, Runs], None]] = {
    name: async_to_sync(action) for name, action in ASYNC.items()
}
SYNC["nest"] = nest
