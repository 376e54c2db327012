"""Views that cross between sync and async code, in the ways known to deadlock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from tests.http.project.orm import awhere, where
from tests.http.project.steering import gates, note

Place = tuple[str, int]


def down(depth: int) -> Place:
    """Sync code that calls async code that calls sync code, ``depth`` times."""
    return async_to_sync(up)(depth - 1) if depth else where()


async def up(depth: int) -> Place:
    return await sync_to_async(down)(depth)


async def gather(depth: int) -> list[Place]:
    return list(await asyncio.gather(*[up(depth) for _ in range(5)]))


async def in_a_task() -> Place:
    return await asyncio.create_task(up(1))


def current() -> str:
    return threading.current_thread().name


def there_and_back() -> str:
    """For ``thread_sensitive=False``: crosses to async code, which calls sync code."""
    async_to_sync(sync_to_async(current))()
    return current()


def answer(*places: Any) -> JsonResponse:
    return JsonResponse({"places": places})


def sync_nested(request: HttpRequest) -> JsonResponse:
    return answer(down(1), where())


def sync_nested_four_deep(request: HttpRequest) -> JsonResponse:
    return answer(down(4), where())


def sync_gather(request: HttpRequest) -> JsonResponse:
    return answer(*async_to_sync(gather)(0), where())


def sync_gather_nested(request: HttpRequest) -> JsonResponse:
    return answer(*async_to_sync(gather)(2), where())


def sync_task(request: HttpRequest) -> JsonResponse:
    return answer(async_to_sync(in_a_task)(), where())


async def async_nested(request: HttpRequest) -> JsonResponse:
    return answer(await up(1), await awhere())


async def async_nested_four_deep(request: HttpRequest) -> JsonResponse:
    return answer(await up(4), await awhere())


async def async_gather(request: HttpRequest) -> JsonResponse:
    return answer(*await gather(0), await awhere())


async def async_gather_nested(request: HttpRequest) -> JsonResponse:
    return answer(*await gather(2), await awhere())


async def async_task(request: HttpRequest) -> JsonResponse:
    return answer(await in_a_task(), await awhere())


async def async_insensitive(request: HttpRequest) -> JsonResponse:
    first = await awhere()
    others = {
        await sync_to_async(current, thread_sensitive=False)(),
        await sync_to_async(there_and_back, thread_sensitive=False)(),
    }
    assert first[0] not in others
    return answer(first, await awhere())


def sync_pieces(request: HttpRequest) -> StreamingHttpResponse:
    def produce() -> Iterator[str]:
        for depth in range(3):
            yield f"{down(depth)[0]}\n"

    return StreamingHttpResponse(produce())


async def async_pieces(request: HttpRequest) -> StreamingHttpResponse:
    async def produce() -> AsyncIterator[str]:
        for depth in range(3):
            yield f"{(await up(depth))[0]}\n"

    return StreamingHttpResponse(produce())


outliving: set[asyncio.Task[None]] = set()


async def outlive(request: HttpRequest, name: str) -> HttpResponse:
    """Leaves a task that needs a thread when the request has long ended."""

    async def later() -> None:
        await gates[name].passed()
        for _ in range(2):
            thread, _ = await awhere()
            note(name, thread)

    await awhere()
    task = asyncio.create_task(later())
    outliving.add(task)
    task.add_done_callback(outliving.discard)
    return HttpResponse(status=204)


NESTINGS: list[Callable[..., Any]] = [
    sync_nested,
    sync_nested_four_deep,
    sync_gather,
    sync_gather_nested,
    sync_task,
    async_nested,
    async_nested_four_deep,
    async_gather,
    async_gather_nested,
    async_task,
    async_insensitive,
]

urlpatterns = [
    *[path(f"nestings/{view.__name__}", view) for view in NESTINGS],
    path("nestings/sync_pieces", sync_pieces),
    path("nestings/async_pieces", async_pieces),
    path("outlive/<name>", outlive),
]
