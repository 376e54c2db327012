from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from legato.threads import ThreadPool


async def ident() -> int:
    return await sync_to_async(threading.get_ident)()


async def test_a_lease_keeps_its_thread() -> None:
    with ThreadPool(2).lease():
        assert len({await ident() for _ in range(5)}) == 1


async def test_a_thread_is_used_again_by_the_next() -> None:
    pool = ThreadPool(8)
    seen = set()
    for _ in range(20):
        with pool.lease():
            seen.add(await ident())
        await asyncio.sleep(0.001)
    assert len(seen) <= 2


async def test_a_lease_that_needs_no_thread_takes_none() -> None:
    pool = ThreadPool(1)
    with pool.lease(), pool.lease():
        assert await ident()


async def test_more_leases_than_threads_wait_their_turn() -> None:
    pool = ThreadPool(2)
    running = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    async def leased() -> None:
        with pool.lease():
            await sync_to_async(work)()

    await asyncio.gather(*[leased() for _ in range(20)])
    assert most == 2


async def test_a_lease_cancelled_while_it_waits_takes_nothing_with_it() -> None:
    pool = ThreadPool(1)
    go_on, begun = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        go_on.wait(10)

    async def leased() -> int:
        with pool.lease():
            return await ident()

    async def blocking() -> None:
        with pool.lease():
            await sync_to_async(block)()

    first = asyncio.create_task(blocking())
    await asyncio.to_thread(begun.wait)
    waiting = asyncio.create_task(leased())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await first
    assert await leased()


async def test_an_error_in_the_thread_comes_back() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    pool = ThreadPool(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            with pool.lease():
                await sync_to_async(fail)()


async def test_sync_code_may_call_async_code_that_calls_sync_code() -> None:
    with ThreadPool(1).lease():
        assert await sync_to_async(async_to_sync(ident))() == await ident()


@pytest.mark.django_db(transaction=True)
async def test_database_connections_are_closed_when_the_lease_ends() -> None:
    pool = ThreadPool(1)

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1")

    def is_open() -> bool:
        return connection.connection is not None

    with pool.lease():
        await sync_to_async(query)()
        assert await sync_to_async(is_open)()
    with pool.lease():
        assert not await sync_to_async(is_open)()


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    code = (
        "import asyncio, threading; from asgiref.sync import sync_to_async;"
        "from legato.threads import ThreadPool\n"
        "async def main():\n"
        "    with ThreadPool(1).lease():\n"
        "        hang = sync_to_async(threading.Event().wait)\n"
        "        try: await asyncio.wait_for(hang(), 0.1)\n"
        "        except TimeoutError: pass\n"
        "asyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=10)
