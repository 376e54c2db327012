"""The two lanes of a request, and the choice between them.

The **sync lane** runs a request whole on one thread, with Django's own chain of sync
middleware. The **async lane** runs it on the loop and takes a thread for what blocks.
The choice is made by the view, before any middleware runs. A middleware may still
send the request elsewhere: either chain calls views of either kind, as Django's do.
"""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.utils.module_loading import import_string

from legato.http.middleware import AsyncChain, fits_sync_lane
from legato.http.routes import ForeseenRoutes, foresee

__all__ = ["Lanes", "SyncChain"]

logger = logging.getLogger("legato.http")


class SyncChain(ForeseenRoutes, BaseHandler):
    """Django's chain for a thread.

    Raises:
        RuntimeError: a middleware turns out to be async although it did not say so.
    """

    def __init__(self) -> None:
        self.load_middleware()

    def adapt_method_mode(  # type: ignore[override]
        self, is_async: bool, method: Any, method_is_async: Any = None, **kwargs: Any
    ) -> Any:
        if method_is_async is False and iscoroutinefunction(method):
            raise RuntimeError(f"{method} is async.")
        return super().adapt_method_mode(is_async, method, method_is_async, **kwargs)


class Lanes(ForeseenRoutes, AsyncChain):
    """A handler with both chains.

    Attributes:
        sync_chain: None if a middleware cannot run synchronously: then every request
            takes the async lane.
    """

    sync_chain: SyncChain | None

    def load_middleware(self, is_async: bool = True) -> None:
        """Load both chains: each has middleware objects of its own."""
        self.load_async_middleware()
        self.sync_chain = None
        factories = [import_string(path) for path in settings.MIDDLEWARE]
        if not all(map(fits_sync_lane, factories)):
            return
        try:
            self.sync_chain = SyncChain()
        except Exception:
            # It works on the loop, where Django has always had it under ASGI.
            logger.warning("A middleware turns off the sync lane.", exc_info=True)

    def takes_sync_lane(self, request: HttpRequest) -> bool:
        return self.sync_chain is not None and not foresee(request)

    async def get_response_async(self, request: HttpRequest) -> Any:
        """The response by the lane of the request, for callers without a pool."""
        if self.sync_chain is not None and self.takes_sync_lane(request):
            return await sync_to_async(self.sync_chain.get_response)(request)
        return await super().get_response_async(request)
