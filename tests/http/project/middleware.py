"""Middleware of each kind, all with code of the other kind within."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware, sync_only_middleware
from django.utils.deprecation import MiddlewareMixin

from tests.http.project.nestings import up


def add(response: HttpResponseBase, *threads: str) -> HttpResponseBase:
    response["X-Threads"] = " ".join([response.get("X-Threads", ""), *threads])
    return response


class Nesting(MiddlewareMixin):
    """Both halves run synchronously."""

    def process_request(self, request: HttpRequest) -> None:
        request.META["BEGAN"] = async_to_sync(up)(1)[0]

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        return add(response, request.META["BEGAN"], async_to_sync(up)(1)[0])


@async_only_middleware
def async_only(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        first, _ = await up(1)
        response = await get_response(request)
        return add(response, first, (await up(1))[0])

    return middleware


@sync_only_middleware
def sync_only(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        first, _ = async_to_sync(up)(1)
        response = get_response(request)
        return add(response, first, async_to_sync(up)(1)[0])

    return middleware
