"""The pages about ordinary requests: their tables and their snippets hold."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction, sync_to_async
from django import http
from django.test import override_settings
from django.urls import path

from compliance.servers.commands import COMMANDS
from compliance.servers.limits import LIMITS
from legato import threads
from legato.conf import Settings
from legato.exceptions import PoolTimeout
from legato.http import errors, hop, inline, messages, streaming
from legato.http.handler import Handler
from legato.realtime.channels import auth
from tests.conftest import MS
from tests.docs.pages import DOCS, REFERENCE, section, snippets, table_rows, terms

EXPLANATION = DOCS / "explanation" / "requests.md"
TUNING = DOCS / "how-to" / "tune-threads.md"
SERVERS = REFERENCE / "servers.md"

# ── tables ──────────────────────────────────────────────────────────────────


def documented_middleware() -> dict[str, str]:
    rows = table_rows(section(TUNING, "Django's own"))
    return {row[0].strip("`"): row[1] for row in rows if row[0].startswith("`")}


def test_the_middleware_that_is_listed_is_that_which_is_known() -> None:
    documented = set(documented_middleware())
    assert documented >= {*inline.KNOWN, *inline.GATES}
    others = documented.difference(inline.GATES)
    assert [name for name in others if inline.rules_of(name) == inline.BLOCKING] == []


def test_middleware_is_said_never_to_hop_if_it_never_does() -> None:
    for name, rules in inline.KNOWN.items():
        says_never = documented_middleware()[name].startswith("never")
        assert says_never is (rules == inline.INLINE), name


def test_middleware_with_the_same_rules_is_described_in_the_same_words() -> None:
    documented = documented_middleware()
    described: dict[inline.Rules, set[str]] = {}
    for name, rules in inline.KNOWN.items():
        words = documented[name].partition(";")[0]
        described.setdefault(rules, set()).add(words)
    assert all(len(words) == 1 for words in described.values())
    assert len(set.union(*described.values())) == len(described)


def test_the_servers_that_are_listed_are_those_that_are_tested() -> None:
    assert sorted(terms(section(SERVERS, "Servers"))) == sorted(COMMANDS)


def test_the_limits_of_servers_that_are_listed_are_those_that_are_tested() -> None:
    documented = {
        (server.strip("` "), row[1]): row[2]
        for row in table_rows(section(SERVERS, "What a server cannot do"))[1:]
        for server in row[0].split(",")
    }
    limits = {place: limit.why for place, limit in LIMITS.items()}
    assert limits.items() <= documented.items()
    others = [documented[place] for place in documented.keys() - limits.keys()]
    assert all("Django 5.2" in why for why in others)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (EXPLANATION, f"{streaming.AHEAD // 1024} KiB ahead"),
        (EXPLANATION, f"messages of {messages.CHUNK_SIZE // 1024} KiB"),
        (EXPLANATION, f"`Retry-After: {errors.RETRY_AFTER}`"),
        (TUNING, f"and {auth.pool.size} more for each process"),
        (TUNING, f"more than {inline.LARGE // 1024} KiB"),
        (TUNING, PoolTimeout(Settings().threads, Settings().thread_timeout)),
        (REFERENCE / "codes.md", f"`Retry-After` is {errors.RETRY_AFTER}"),
    ],
)
def test_numbers_on_the_pages_are_those_of_the_code(page: Path, text: object) -> None:
    assert str(text) in " ".join(page.read_text("utf-8").split())


def test_it_takes_a_second_until_somebody_looks_after_who_waits() -> None:
    assert hop.LISTEN_AFTER == 1
    text = " ".join(EXPLANATION.read_text("utf-8").split())
    assert "waited for a thread for more than a second" in text


# ── snippets ────────────────────────────────────────────────────────────────

VIEWS = "documented_views"


class Visitor:
    """Middleware: ``request.auser()`` takes a thread, as with a session of a user."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[..., Any]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: Any) -> Any:
        request.auser = sync_to_async(threading.get_ident)
        return await self._get_response(request)


async def visit(code: str, view: str, **stand_ins: Any) -> list[Any]:
    """The messages of the answer that the ``view`` of a snippet gives."""
    module = ModuleType(VIEWS)
    vars(module).update(vars(http), **stand_ins)
    exec(compile(code, TUNING.name, "exec"), vars(module))
    vars(module)["urlpatterns"] = [path("", vars(module)[view])]
    asked = [{"type": "http.request"}]
    sent = []

    async def receive() -> Any:
        return asked.pop() if asked else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    middleware = [f"{__name__}.{Visitor.__name__}"]
    sys.modules[VIEWS] = module
    try:
        with override_settings(ROOT_URLCONF=VIEWS, MIDDLEWARE=middleware):
            await Handler()(scope, receive, send)
    finally:
        del sys.modules[VIEWS]
    return sent


async def idle() -> None:
    while threads.pool.busy:  # noqa: ASYNC110
        await asyncio.sleep(1 * MS)


WAITING_VIEWS = [code for code in snippets(TUNING, "python") if "ask_a_model" in code]


@pytest.mark.parametrize(
    ("code", "kept"), list(zip(WAITING_VIEWS, [1, 0, 0], strict=True))
)
async def test_a_view_keeps_its_thread_while_it_waits_unless_it_does_as_told(
    code: str, kept: int
) -> None:
    busy = []

    async def ask_a_model(user: object) -> str:
        async with asyncio.timeout(5):
            while kept == 0 and threads.pool.busy:  # noqa: ASYNC110
                await asyncio.sleep(1 * MS)
        busy.append(threads.pool.busy)
        return "42"

    await idle()
    start, *body = await visit(code, "answer", ask_a_model=ask_a_model)
    assert start["status"] == 200
    assert json.loads(b"".join(m.get("body", b"") for m in body)) == {"text": "42"}
    assert busy == [kept]
