"""Middleware of either kind, and a URLconf without an async view."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware


def sync_only(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        return get_response(request)

    return middleware


@async_only_middleware
def async_only(get_response: Any) -> Any:
    async def middleware(request: HttpRequest) -> Any:
        return await get_response(request)

    return middleware


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("", view)]
