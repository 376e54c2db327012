"""Handlers with one fault each, and an example by which the comparison sees it."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.handlers.asgi import ASGIHandler

from tests.http.differential.specs import Example, Layer, View

__all__ = ["BROKEN"]


class LosesCookies(ASGIHandler):
    async def send_response(self, response: Any, send: Any) -> None:
        response.cookies.clear()
        await super().send_response(response, send)


class CutsBodies(ASGIHandler):
    async def send_response(self, response: Any, send: Any) -> None:
        async def cut(message: Any) -> None:
            await send({**message, "body": message.get("body", b"")[:1_000]})

        await super().send_response(response, cut)


class KeepsResponsesOpen(ASGIHandler):
    async def run_get_response(self, request: Any) -> Any:
        response: Any = await super().run_get_response(request)
        response.close = lambda: None
        return response


class LosesContext(ASGIHandler):
    async def run_get_response(self, request: Any) -> Any:
        coroutine = super().run_get_response(request)
        return await asyncio.create_task(coroutine, context=Context())


class SwapsThreads(ASGIHandler):
    def make_view_atomic(self, view: Any) -> Any:
        view = super().make_view_atomic(view)
        if iscoroutinefunction(view):
            return view
        return sync_to_async(view, thread_sensitive=False)


class BlocksTheLoop(ASGIHandler):
    def make_view_atomic(self, view: Any) -> Any:
        view = super().make_view_atomic(view)

        async def on_the_loop(*args: Any) -> Any:
            return view(*args)

        return on_the_loop


class ForgetsTransactions(ASGIHandler):
    def make_view_atomic(self, view: Any) -> Any:
        return view


class ForgetsExceptionHooks(ASGIHandler):
    def process_exception_by_middleware(self, exception: Any, request: Any) -> Any:
        return None


BROKEN: dict[type[ASGIHandler], tuple[str, Example]] = {
    LosesCookies: (
        "-request 0: header Set-Cookie",
        Example((Layer("mixin", response=("cookie",)),)),
    ),
    CutsBodies: ("+request 0: body", Example(view=View("sync", gives="large"))),
    KeepsResponsesOpen: (
        "-request 0: signal request_finished",
        Example(receivers="sync"),
    ),
    LosesContext: ("without context: view /view/", Example()),
    SwapsThreads: ("several threads", Example((Layer("mixin"),))),
    BlocksTheLoop: ("is sync and ran on the loop", Example()),
    ForgetsTransactions: (
        "+row: group",
        Example(view=View("sync", ("write", "raise ValueError")), atomic_requests=True),
    ),
    ForgetsExceptionHooks: (
        "-request 0: layer0 exception",
        Example((Layer("class", exception=()),), View("sync", gives="raise Http404")),
    ),
}
"""What the comparison says, and of which example."""
