"""Exceptions become responses: as Django turns them, and 503 for want of a thread."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

from legato.exceptions import PoolTimeout

__all__ = ["aresponse_for", "convert_exceptions", "unavailable"]

logger = logging.getLogger("legato.http")

RETRY_AFTER = 1
"""Seconds: threads become free within moments, or the site is in deeper trouble."""


def convert_exceptions(
    get_response: Callable[[Any], Awaitable[Any]],
) -> Callable[[Any], Awaitable[Any]]:
    """``get_response`` that answers instead of raising."""

    async def respond(request: HttpRequest) -> Any:
        try:
            return await get_response(request)
        except Exception as error:
            return await aresponse_for(request, error)

    return respond


async def aresponse_for(request: HttpRequest, error: Exception) -> HttpResponse:
    """Django's response to an exception; to be called while it is being handled.

    Error pages may ask the database, so they are made on the request's thread.
    """
    if isinstance(error, PoolTimeout):
        return unavailable(request, error)
    try:
        response: HttpResponse = await sync_to_async(response_for_exception)(
            request, error
        )
    except PoolTimeout as timeout:
        return unavailable(request, timeout)
    return response


def unavailable(request: HttpRequest, timeout: PoolTimeout) -> HttpResponse:
    """503: all threads were busy for too long. Says so in the log."""
    response = HttpResponse(
        "Service Unavailable",
        status=503,
        content_type="text/plain",
        headers={"Retry-After": str(RETRY_AFTER)},
    )
    log_response(
        "%s: %s %s See LEGATO['THREADS'] and what keeps them busy.",
        response.reason_phrase,
        request.path,
        timeout,
        logger=logger,
        request=request,
        response=response,
    )
    return response
