"""Django's middleware on the event loop: without a hop, and without blocking it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from legato.http.cost import count_hops
from legato.http.handler import Handler
from legato.http.inline import AUTHENTICATION, KNOWN, LOCALE, SESSIONS
from legato.threads import Lease

COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
ETAGS = "django.middleware.http.ConditionalGetMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"

NEEDS = {
    AUTHENTICATION: [SESSIONS],
    MESSAGES: [SESSIONS],
    LOGIN: [SESSIONS, AUTHENTICATION],
    "django.contrib.admindocs.middleware.XViewMiddleware": [SESSIONS, AUTHENTICATION],
}

APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "django.contrib.redirects",
    "legato",
]


def exists(dotted: str) -> bool:
    """Has this version of Django it? The one for CSP came with 6.0."""
    module, _, name = dotted.rpartition(".")
    spec = find_spec(module)
    return spec is not None and name in Path(spec.origin or "").read_text("utf-8")


ALL = [
    dotted
    for dotted in (*KNOWN, AUTHENTICATION, LOCALE, SESSIONS)
    if dotted == LOGIN
    or "flatpages" in dotted
    or "redirects" in dotted
    or exists(dotted)
]


async def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


plain.login_required = False  # type: ignore[attr-defined]


async def long(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x" * 100_000)


async def remember(request: HttpRequest) -> HttpResponse:
    await request.session.aset("seen", True)
    return HttpResponse()


async def notify(request: HttpRequest) -> HttpResponse:
    messages.info(request, "hello")
    return HttpResponse()


class Mine(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        return None


urlpatterns = [
    path("plain", plain),
    path("long", long),
    path("remember", remember),
    path("notify", notify),
]


@contextmanager
def middleware(*paths: str, **settings: Any) -> Iterator[Callable[..., Any]]:
    """A handler with this middleware, as a coroutine that gives the status."""
    with override_settings(
        MIDDLEWARE=list(paths),
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=APPS,
        SITE_ID=1,
        **settings,
    ):
        yield Asker(Handler()).ask


class Asker:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def ask(self, url: str, method: str = "GET", **headers: str) -> int:
        names = {"host": "testserver", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": url,
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in names.items()],
        }
        body = [{"type": "http.request", "body": b""}]
        sent: list[Any] = []

        async def receive() -> Any:
            return body.pop() if body else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self._handler(scope, receive, send)
        return int(sent[0]["status"])


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was called in a thread."""
    calls: list[str] = []
    submit = Lease.submit

    def counting(self: Lease, fn: Any, *args: Any, **kwargs: Any) -> Any:
        child = getattr(fn, "args", [fn])[-1]  # what asgiref wraps
        while isinstance(child, partial):
            child = child.func
        calls.append(child.__name__)
        return submit(self, fn, *args, **kwargs)

    monkeypatch.setattr(Lease, "submit", counting)
    return calls


@pytest.mark.parametrize("dotted", ALL)
async def test_it_neither_hops_nor_blocks(dotted: str, hops: list[str]) -> None:
    stack = [*NEEDS.get(dotted, []), dotted]
    with middleware(*stack) as ask:
        await ask("/plain")  # reads what is read once: settings, catalogs, templates
        hops.clear()
        with blockbuster_ctx():
            assert await ask("/plain") == 200
        # Before Django 6.0 this one looks at the user first and at the view after.
        assert hops == (["_rest"] if dotted == LOGIN else [])


@pytest.mark.parametrize(
    ("dotted", "url", "method", "headers"),
    [
        (CSRF, "/plain", "POST", {}),
        (GZIP, "/long", "GET", {"accept-encoding": "gzip"}),
        (ETAGS, "/long", "GET", {}),
        (LOCALE, "/plain", "GET", {"accept-language": "fr"}),
        ("django.middleware.cache.FetchFromCacheMiddleware", "/plain", "GET", {}),
    ],
)
async def test_it_hops_when_it_may_block(
    dotted: str, url: str, method: str, headers: dict[str, str], hops: list[str]
) -> None:
    with middleware(dotted) as ask:
        await ask(url, method, **headers)
        assert len(hops) >= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/remember", "/notify"])
async def test_what_is_saved_is_saved_in_one_hop(url: str, hops: list[str]) -> None:
    with middleware(SESSIONS, COMMON, MESSAGES) as ask:
        assert await ask(url) == 200
        assert hops == ["_leave"]


async def test_neighbours_share_a_hop_each_way(hops: list[str]) -> None:
    cache = "django.middleware.cache."
    stack = [
        f"{cache}UpdateCacheMiddleware",
        COMMON,
        f"{cache}FetchFromCacheMiddleware",
    ]
    with middleware(*stack) as ask:
        assert await ask("/plain") == 200
        assert hops == ["_enter", "_leave"]
        assert count_hops().hops == 2


async def test_a_setting_keeps_middleware_on_the_loop(hops: list[str]) -> None:
    mine = f"{__name__}.Mine"
    with middleware(mine) as ask:
        await ask("/plain")
        assert hops == ["_enter"]
    hops.clear()
    with middleware(mine, LEGATO={"INLINE_MIDDLEWARE": [mine]}) as ask:
        await ask("/plain")
        assert hops == []
