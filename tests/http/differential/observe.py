"""Runs an example through a handler and returns everything that can be observed."""

from __future__ import annotations

import asyncio
import gc
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.test import override_settings
from django.urls import clear_url_caches

from legato.http.routes import surprises
from legato.threads import pool
from tests.http.differential import database, journal
from tests.http.differential.client import Client, Cookies
from tests.http.differential.journal import Event, Journal
from tests.http.differential.settings import settings_of
from tests.http.differential.site import serving
from tests.http.differential.specs import Example, Request
from tests.http.differential.watch import (
    watch_bodies,
    watch_log,
    watch_signals,
    watch_warnings,
)

__all__ = ["Answer", "Observation", "observe"]

PATIENCE = 5.0
"""Seconds after which a request counts as one that never ends."""


@dataclass
class Answer:
    """What one request led to."""

    request: Request
    messages: list[dict[str, Any]]
    events: list[Event]
    loop_thread: Any
    sync_stream: bool = False
    escaped: str = ""
    leftovers: list[str] = field(default_factory=list)


@dataclass
class Observation:
    """What one run of an example led to."""

    example: Example
    answers: list[Answer] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    open_connections: int = 0
    leftovers: list[str] = field(default_factory=list)


def observe(example: Example, handler_class: Any) -> Observation:
    """Serve ``example`` with a new handler on a new loop, from the same first rows."""
    observation = Observation(example)
    database.reset()
    journal.strays.clear()
    journal.complaints.clear()
    # What one example has taught about its routes is no lesson for another.
    surprises.clear()
    # So that the collection at the end looks at nothing but this run.
    gc.freeze()
    with ExitStack() as stack:
        stack.enter_context(serving(example))
        stack.enter_context(override_settings(**settings_of(example)))
        stack.enter_context(database.atomic_requests(example.atomic_requests))
        stack.enter_context(database.watch_queries())
        stack.enter_context(watch_bodies())
        stack.enter_context(watch_log())
        stack.enter_context(watch_signals(handler_class, example.receivers))
        observation.warnings = stack.enter_context(watch_warnings())
        clear_url_caches()
        with asyncio.Runner() as runner:
            runner.run(ask_all(handler_class, observation))
        # Whatever was forgotten says so now, and not in a later example.
        gc.collect()
        gc.unfreeze()
        observation.open_connections = database.close_leftovers()
    observation.rows = database.left_rows()
    observation.strays = list(journal.strays)
    observation.complaints = list(journal.complaints)
    return observation


async def ask_all(handler_class: Any, observation: Observation) -> None:
    app = handler_class()
    cookies: Cookies = {}
    for request in observation.example.requests:
        observation.answers.append(await ask(app, request, cookies))
    observation.leftovers += await what_is_left()


async def ask(app: Any, request: Request, cookies: Cookies) -> Answer:
    own = Journal()
    client = Client(request, own, cookies)
    answer = Answer(request, client.messages, own.events, own.loop_thread)

    async def call() -> None:
        own.open()
        await app(client.scope, client.receive, client.send)

    answer.escaped = await outcome(asyncio.create_task(call()))
    answer.sync_stream = own.sync_stream
    own.over.set()
    for task in own.tasks:
        if failure := await outcome(task):
            answer.leftovers.append(f"a task that stayed behind: {failure}")
    answer.leftovers += own.close_leftovers()
    client.keep_cookies(cookies)
    return answer


async def outcome(task: asyncio.Task[None]) -> str:
    """How the task ended, if it has not ended well."""
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    if not done:
        task.cancel()
        return f"not ended after {PATIENCE} seconds"
    if task.cancelled():
        return "cancelled"
    error = task.exception()
    return repr(error) if error else ""


async def what_is_left() -> list[str]:
    """Tasks and threads of the pool that are still busy."""
    try:
        async with asyncio.timeout(PATIENCE):
            while pool.busy:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    except TimeoutError:
        return [f"{pool.busy} busy threads"]
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return [f"task {task.get_coro()}" for task in others]
