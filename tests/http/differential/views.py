"""Views made from ``View`` specs, of every kind that Django takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.decorators import login_not_required, login_required
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.views import View as ClassView
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_cookie

from tests.http.differential.actions import act, perform
from tests.http.differential.errors import raise_error
from tests.http.differential.journal import current, leave_trail, note
from tests.http.differential.responses import ASYNC_ONLY, respond
from tests.http.differential.specs import View

__all__ = ["ASYNC_KINDS", "DECORATORS", "KINDS", "SYNC_DECORATORS", "make_view"]


def answer(view: View, request: Any) -> Any:
    """The whole of a sync view."""
    note(f"view {request.path_info}", "thread")
    leave_trail("view")
    early = act(view.does, request, "thread")
    if early is not None:
        return early
    if view.gives == "coroutine":
        return forgotten(view, request)
    raise_error(view.gives)
    return None if view.gives == "none" else respond(view.gives, request)


async def aanswer(view: View, request: Any) -> Any:
    """The whole of an async view."""
    note(f"view {request.path_info}", "loop")
    leave_trail("view")
    early = await perform(view.does, request, "loop")
    if early is not None:
        return early
    if view.gives in ASYNC_ONLY:
        return await wait(view.gives)
    if view.gives == "coroutine":
        return forgotten(view, request)
    raise_error(view.gives)
    if view.gives == "none":
        return None
    if "file" in view.gives:
        return await sync_to_async(respond)(view.gives, request)
    return respond(view.gives, request)


def forgotten(view: View, request: Any) -> Any:
    """A coroutine that nobody awaits."""
    coroutine = aanswer(view, request)
    current().coroutines.append(coroutine)
    return coroutine


async def wait(gives: str) -> HttpResponse:
    try:
        await current().wait_for_good()
    finally:
        note("view cut off", "loop")
        if gives == "wait and answer":
            return HttpResponse("too late")  # noqa: B012 swallows it on purpose
    raise AssertionError


def sync_view(view: View) -> Any:
    def function(request: HttpRequest) -> Any:
        return answer(view, request)

    return function


def async_view(view: View) -> Any:
    async def function(request: HttpRequest) -> Any:
        return await aanswer(view, request)

    return function


def class_view(view: View) -> Any:
    class Page(ClassView):
        def get(self, request: HttpRequest) -> Any:
            return answer(view, request)

        post = get

    return Page.as_view()


def async_class_view(view: View) -> Any:
    class Page(ClassView):
        async def get(self, request: HttpRequest) -> Any:
            return await aanswer(view, request)

        post = get

    return Page.as_view()


class CallableView:
    """An object with ``__call__``."""

    def __init__(self, view: View) -> None:
        self.view = view

    def __call__(self, request: HttpRequest) -> Any:
        return answer(self.view, request)


KINDS: dict[str, Callable[[View], Any]] = {
    "sync": sync_view,
    "async": async_view,
    "class": class_view,
    "async class": async_class_view,
    "callable": CallableView,
    "partial": lambda view: partial(answer, view),
    "async partial": lambda view: partial(aanswer, view),
}
ASYNC_KINDS = tuple(kind for kind in KINDS if kind.startswith("async"))

SYNC_DECORATORS: dict[str, Callable[[Any], Any]] = {
    "cache_page": cache_page(60),
    "gzip_page": gzip_page,
    "login_required": login_required,
}
"""What these make of an async view is no async view any more."""

DECORATORS: dict[str, Callable[[Any], Any]] = {
    "": lambda view: view,
    "csrf_exempt": csrf_exempt,
    "login_not_required": login_not_required,
    "never_cache": never_cache,
    "non_atomic_requests": non_atomic_requests,
    "require_POST": require_POST,
    "vary_on_cookie": vary_on_cookie,
    **SYNC_DECORATORS,
}


def make_view(view: View) -> Any:
    made = KINDS[view.kind](view)
    decorated = DECORATORS[view.decorator](made)
    if view.decorator not in SYNC_DECORATORS:
        assert iscoroutinefunction(decorated) == iscoroutinefunction(made)
    return decorated
