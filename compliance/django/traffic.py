"""What comes through Django's handlers and those derived from them."""

from __future__ import annotations

from collections import Counter
from functools import wraps
from typing import Any

from django.core.handlers.base import BaseHandler

from compliance.django.lending import loan

__all__ = ["requests", "watch"]

requests: Counter[str] = Counter()
"""How many have entered a chain, as in ``"ClientHandler.get_response"``: the class of
the handler, and the sync or the async method."""


def watch() -> None:
    """Count requests, and note at each what it was answered with.

    A sync chain entered on another thread sees the connections of the test that waits.
    """
    get_response = BaseHandler.get_response
    get_response_async = BaseHandler.get_response_async

    @wraps(get_response)
    def watched(self: BaseHandler, request: Any) -> Any:
        requests[f"{type(self).__name__}.get_response"] += 1
        with loan.take():
            request.answer = get_response(self, request)
        return request.answer

    @wraps(get_response_async)
    async def awatched(self: BaseHandler, request: Any) -> Any:
        requests[f"{type(self).__name__}.get_response_async"] += 1
        request.answer = await get_response_async(self, request)
        return request.answer

    BaseHandler.get_response = watched  # type: ignore[method-assign]
    BaseHandler.get_response_async = awatched  # type: ignore[method-assign]
