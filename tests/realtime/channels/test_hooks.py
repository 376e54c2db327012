from __future__ import annotations

import asyncio
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied

from legato.exceptions import Disconnect, Error
from legato.realtime.channels.hooks import call_hook


async def test_a_sync_hook_runs_in_a_worker_thread() -> None:
    def hook(name: str, *, pk: int) -> tuple[str, int, str]:
        return name, pk, threading.current_thread().name

    name, pk, thread = await call_hook(hook, "a", timeout=5, pk=7)
    assert (name, pk) == ("a", 7)
    assert thread.startswith("legato")


async def test_sync_calls_of_one_hook_share_a_thread() -> None:
    async def hook() -> set[int]:
        return {await sync_to_async(threading.get_ident)() for _ in range(5)}

    assert len(await call_hook(hook, timeout=5)) == 1


async def test_hooks_do_not_queue_behind_one_thread() -> None:
    barrier = threading.Barrier(3, timeout=5)
    results = await asyncio.gather(
        *[call_hook(barrier.wait, timeout=5) for _ in range(3)]
    )
    assert sorted(results) == [0, 1, 2]


@pytest.mark.parametrize("error", [Error(456, "no"), Disconnect(4100, "go")])
async def test_what_a_hook_answers_reaches_the_client(error: Exception) -> None:
    async def hook() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        await call_hook(hook, timeout=5)
    assert raised.value is error


async def test_djangos_permission_denied_is_the_protocols() -> None:
    def hook() -> None:
        raise PermissionDenied

    with pytest.raises(Error, match="103: permission denied"):
        await call_hook(hook, timeout=5)


async def test_the_unexpected_is_logged_whole_and_told_as_internal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def hook() -> None:
        raise ValueError("a secret")

    with pytest.raises(Error, match="100: internal server error") as raised:
        await call_hook(hook, timeout=5)
    assert raised.value.temporary
    assert "secret" not in str(raised.value)
    assert "ValueError: a secret" in caplog.text
    assert "hook() failed" in caplog.text


async def test_a_hook_that_takes_too_long_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hook() -> None:
        await asyncio.sleep(3600)

    with pytest.raises(Error, match="100"):
        await call_hook(hook, timeout=0.01)
    assert "took longer than 0.01 s" in caplog.text


async def test_a_hook_cancelled_from_within_is_an_error_like_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hook() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Error, match="100"):
        await call_hook(hook, timeout=5)
    assert "was cancelled by something it awaited" in caplog.text


async def test_a_hook_may_return_a_coroutine() -> None:
    async def answer() -> int:
        return 7

    assert await call_hook(lambda: answer(), timeout=5) == 7


async def test_a_hook_stuck_in_a_thread_is_given_up_as_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = threading.Event()
    started = time.monotonic()
    with pytest.raises(Error, match="100"):
        await call_hook(lambda: go_on.wait(10), timeout=0.05)
    assert time.monotonic() - started < 5
    go_on.set()
