"""Every way to write a middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import (
    async_only_middleware,
    sync_and_async_middleware,
    sync_only_middleware,
)
from django.utils.deprecation import MiddlewareMixin

from tests.http.differential.journal import Runs, leave_trail, note
from tests.http.differential.steps import Steps

__all__ = ["CLASSES", "EITHER", "FUNCTIONS", "KINDS", "MIXINS"]


def sync_function(steps: Steps) -> Any:
    @sync_only_middleware
    def factory(get_response: Callable[..., Any]) -> Any:
        def middleware(request: HttpRequest) -> Any:
            early = steps.enter(request, "thread")
            if early is not None:
                return early
            return steps.leave(request, get_response(request), "thread")

        return middleware

    return factory


def async_function(steps: Steps) -> Any:
    @async_only_middleware
    def factory(get_response: Callable[..., Awaitable[Any]]) -> Any:
        async def middleware(request: HttpRequest) -> Any:
            early = await steps.aenter(request, "loop")
            if early is not None:
                return early
            return await steps.aleave(request, await get_response(request), "loop")

        return middleware

    return factory


def dual_function(steps: Steps) -> Any:
    @sync_and_async_middleware
    def factory(get_response: Callable[..., Any]) -> Any:
        if iscoroutinefunction(get_response):

            async def amiddleware(request: HttpRequest) -> Any:
                early = await steps.aenter(request, "either")
                if early is not None:
                    return early
                response = await get_response(request)
                return await steps.aleave(request, response, "either")

            return amiddleware

        def middleware(request: HttpRequest) -> Any:
            early = steps.enter(request, "either")
            if early is not None:
                return early
            return steps.leave(request, get_response(request), "either")

        return middleware

    return factory


class PlainClass:
    """A class that is called, as Django's documentation shows."""

    steps: Steps
    runs: Runs = "thread"

    def __init__(self, get_response: Callable[..., Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.__acall__(request)
        early = self.steps.enter(request, self.runs)
        if early is not None:
            return early
        return self.steps.leave(request, self.get_response(request), self.runs)

    async def __acall__(self, request: HttpRequest) -> Any:
        early = await self.steps.aenter(request, self.runs)
        if early is not None:
            return early
        response = await self.get_response(request)
        return await self.steps.aleave(request, response, self.runs)


class AsyncClass(PlainClass):
    sync_capable, async_capable = False, True
    runs = "loop"


class DualClass(PlainClass):
    async_capable = True
    runs = "either"


class Mixin(MiddlewareMixin):
    """process_request and process_response."""

    steps: Steps
    runs: Runs = "thread"

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return self.steps.enter(request, self.runs)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return self.steps.leave(request, response, self.runs)


class RequestMixin(MiddlewareMixin):
    steps: Steps
    runs: Runs = "thread"

    process_request = Mixin.process_request


class ResponseMixin(MiddlewareMixin):
    steps: Steps
    runs: Runs = "thread"

    process_response = Mixin.process_response


class HooksMixin(MiddlewareMixin):
    """Only hooks, if any."""

    steps: Steps


class SyncMixin(Mixin):
    async_capable = False


class CallMixin(Mixin):
    """Overrides ``__call__`` and leaves the mode to the class it extends."""

    def __call__(self, request: HttpRequest) -> Any:
        note(f"{self.steps.name} called", "either")
        leave_trail(f"{self.steps.name}.call")
        return super().__call__(request)


class AsyncCallMixin(Mixin):
    """Overrides ``__acall__`` alone, which is what runs under ASGI."""

    async def __acall__(self, request: HttpRequest) -> Any:
        note(f"{self.steps.name} awaited", "loop")
        leave_trail(f"{self.steps.name}.acall")
        response = await super().__acall__(request)
        note(f"{self.steps.name} has awaited {response.status_code}", "loop")
        return response


class BothCallsMixin(MiddlewareMixin):
    """Overrides both, and uses no process_request."""

    steps: Steps
    runs: Runs = "either"

    def __call__(self, request: HttpRequest) -> Any:
        if self.async_mode:
            return self.__acall__(request)
        early = self.steps.enter(request, self.runs)
        if early is not None:
            return early
        return self.steps.leave(request, self.get_response(request), self.runs)

    async def __acall__(self, request: HttpRequest) -> Any:
        early = await self.steps.aenter(request, self.runs)
        if early is not None:
            return early
        get_response: Any = self.get_response
        response = await get_response(request)
        return await self.steps.aleave(request, response, self.runs)


FUNCTIONS = {
    "sync function": sync_function,
    "async function": async_function,
    "dual function": dual_function,
}
CLASSES: dict[str, type] = {
    "class": PlainClass,
    "async class": AsyncClass,
    "dual class": DualClass,
    "mixin": Mixin,
    "request mixin": RequestMixin,
    "response mixin": ResponseMixin,
    "hooks mixin": HooksMixin,
    "sync mixin": SyncMixin,
    "call mixin": CallMixin,
    "async call mixin": AsyncCallMixin,
    "both calls mixin": BothCallsMixin,
}
KINDS = (*FUNCTIONS, *CLASSES)
MIXINS = ("mixin", "request mixin", "response mixin")
"""Kinds that may be named in ``INLINE_MIDDLEWARE``."""

EITHER = ("dual function", "dual class", "both calls mixin")
"""Kinds whose own code is sync or async, as the chain has it."""
