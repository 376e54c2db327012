from __future__ import annotations

import asyncio
import threading

import pytest

from legato.realtime.node.portal import Portal


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def fail() -> None:
    raise ZeroDivisionError


def test_a_standing_loop_answers_calls_from_many_threads() -> None:
    portal = Portal.start()
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(portal.call(double(n))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 2, 4, 6, 8, 10, 12, 14]
    portal.stop()


def test_a_call_raises_what_the_coroutine_raised() -> None:
    portal = Portal.start()
    with pytest.raises(ZeroDivisionError):
        portal.call(fail())
    portal.stop()


async def test_a_call_that_would_block_a_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="would block the loop"):
        Portal(asyncio.get_running_loop()).call(double(1))
    portal = Portal.start()
    with pytest.raises(RuntimeError, match="would block the loop"):
        portal.call(double(1))
    portal.stop()


async def test_an_async_call_enters_its_own_loop_or_another() -> None:
    assert await Portal(asyncio.get_running_loop()).acall(double(1)) == 2
    portal = Portal.start()
    assert await portal.acall(double(2)) == 4
    portal.stop()
