"""How each middleware is carried around an async view.

Django wraps every ``MiddlewareMixin`` in two hops to a thread. Here the layers of
``settings.MIDDLEWARE`` become links of an async chain:

- **segment**: neighbours that are a ``MiddlewareMixin`` with nothing but ``process_…``
  methods. They run on the loop as long as they do not block (``inline.py``); from the
  first that does, the rest of the segment shares one hop, on the way in and on the way
  out.
- **gate**: a sync middleware known to answer itself or to return untouched what lies
  behind it. No thread waits in it for the view.
- **async** middleware is called as it is.
- **sync** middleware, and what lies outside of it, is adapted as Django does: a thread
  enters it and waits there for the view.

What a layer raises becomes a response at that layer, as in Django.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

from legato.http.errors import convert_exceptions
from legato.http.inline import GATES, Rules, rules_of
from legato.http.segments import Gate, Layer, Segment, ViewPhase, ViewStep, pass_on

__all__ = [
    "AsyncChain",
    "Carriage",
    "carriage_of",
    "fits_sync_lane",
    "has_only_hooks",
]

logger = logging.getLogger("django.request")

ASYNC_HOOKS = [
    "__call__",  # it did not say that it is async
    "process_exception",
    "process_template_response",
    "process_view",
]

Carriage = Literal["segment", "gate", "async", "sync"]


def is_sync_capable(factory: Any) -> bool:
    return bool(getattr(factory, "sync_capable", True))


def fits_sync_lane(factory: Any) -> bool:
    """Does it do in a thread what it does on the loop?"""
    if not is_sync_capable(factory):
        return False
    if not isinstance(factory, type):
        return True
    if any(iscoroutinefunction(getattr(factory, name, None)) for name in ASYNC_HOOKS):
        return False
    for base in factory.__mro__:
        if base.__module__ == "django.contrib.auth.middleware":
            # Before Django 6.1 this one looks for another header in each.
            if base.__name__ == "RemoteUserMiddleware":
                return hasattr(base, "get_username")
        elif base is MiddlewareMixin or "__call__" in vars(base):
            return True
        elif "__acall__" in vars(base):
            return False  # what it adds there would be left out
    return True


def carriage_of(path: str, factory: Any, *, around_sync: bool) -> Carriage:
    """How the middleware at ``path`` is carried.

    Args:
        around_sync: What lies inside of it runs in a thread already.
    """
    is_async_capable = getattr(factory, "async_capable", False)
    if not is_async_capable and not is_sync_capable(factory):
        raise RuntimeError(
            f"Middleware {path} must have at least one of sync_capable/async_capable "
            "set to True."
        )
    if around_sync and is_sync_capable(factory):
        return "sync"
    if not is_async_capable:
        return "gate" if path in GATES else "sync"
    return "segment" if has_only_hooks(factory) else "async"


def has_only_hooks(factory: Any) -> bool:
    """Is it all said by ``process_request`` and ``process_response``?"""
    return (
        isinstance(factory, type)
        and issubclass(factory, MiddlewareMixin)
        and factory.__call__ is MiddlewareMixin.__call__
        and factory.__acall__ is MiddlewareMixin.__acall__
        and not iscoroutinefunction(getattr(factory, "process_request", None))
        and not iscoroutinefunction(getattr(factory, "process_response", None))
    )


def _is_plain(middleware: Any, get_response: Any) -> bool:
    """Has its ``__init__`` left everything as its class says?"""
    return (
        middleware.get_response is get_response
        and not iscoroutinefunction(getattr(middleware, "process_request", None))
        and not iscoroutinefunction(getattr(middleware, "process_response", None))
    )


class AsyncChain(BaseHandler):
    """Builds the chain around async views from ``settings.MIDDLEWARE``."""

    def load_async_middleware(self) -> None:
        """Set what ``BaseHandler`` calls for an async request."""
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._views: list[ViewStep] = []
        self._segment: Segment | None = None
        get_response: Any = self._get_response_async  # type: ignore[attr-defined]
        handler: Any = convert_exceptions(get_response)
        is_async = True
        for path in reversed(settings.MIDDLEWARE):
            factory = import_string(path)
            carriage = carriage_of(path, factory, around_sync=not is_async)
            try:
                handler = self._add(path, factory, carriage, handler, is_async)
            except MiddlewareNotUsed as error:
                if settings.DEBUG:
                    reason = f"({path!r}): {error}" if str(error) else f": {path!r}"
                    logger.debug("MiddlewareNotUsed%s", reason)
                continue
            is_async = carriage != "sync"
        self._view_middleware = [ViewPhase(self._views)] if self._views else []
        # Loaded is whoever has a chain, so it comes last.
        self._middleware_chain = self.adapt_method_mode(True, handler, is_async)

    def _add(
        self, path: str, factory: Any, carriage: Carriage, handler: Any, is_async: bool
    ) -> Any:
        """Put one middleware around ``handler``; the new handler."""
        inner: Any = pass_on
        if carriage != "gate":
            inner = self.adapt_method_mode(
                carriage != "sync",
                handler,
                is_async,
                debug=settings.DEBUG,
                name=f"middleware {path}",
            )
        middleware = factory(inner)
        if middleware is None:
            raise ImproperlyConfigured(f"Middleware factory {path} returned None.")
        rules = rules_of(path)
        self._add_hooks(middleware, rules)
        if carriage == "segment" and not _is_plain(middleware, inner):
            carriage = "async"
        segment, self._segment = self._segment, None
        match carriage:
            case "sync":
                return convert_exception_to_response(middleware)
            case "async":
                return convert_exceptions(middleware)
            case "gate":
                gate = Gate(middleware, GATES[path], handler)
                return convert_exceptions(gate.respond)
            case "segment":
                layers, get_response = [Layer(middleware, rules)], inner
                if segment is not None:
                    layers += segment.layers
                    get_response = segment.get_response
                self._segment = Segment(layers, get_response)
                return self._segment.respond

    def _add_hooks(self, middleware: Any, rules: Rules) -> None:
        if hasattr(middleware, "process_view"):
            process = middleware.process_view
            is_async = iscoroutinefunction(process)
            self._views.insert(0, ViewStep(process, is_async, rules.view))
        if hasattr(middleware, "process_template_response"):
            self._template_response_middleware.append(
                self.adapt_method_mode(True, middleware.process_template_response)
            )
        if hasattr(middleware, "process_exception"):
            self._exception_middleware.append(
                self.adapt_method_mode(False, middleware.process_exception)
            )
