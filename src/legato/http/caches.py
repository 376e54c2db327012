"""Cache connections that live as long as their thread, as they do under WSGI.

Django keeps its cache objects in the context of a request, so that each request under
ASGI would connect to Redis or memcached again. A thread of the pool lends its own to
the context of each request that runs whole on it.
"""

from __future__ import annotations

import threading
from typing import Any

from django.core.cache import caches

__all__ = ["keep", "lend"]


class _Kept(threading.local):
    """The cache objects of one thread, by alias; ``source`` is what they came from."""

    def __init__(self) -> None:
        self.source: Any = None
        self.caches: dict[str, Any] = {}


_kept = _Kept()


def lend() -> None:
    """At the start of a request: put the thread's cache objects into its context."""
    if not _kept.caches:
        return
    if _kept.source is not caches._connections:  # type: ignore[attr-defined]
        # CACHES was changed, by a test.
        _kept.caches.clear()
    for alias, cache in _kept.caches.items():
        caches[alias] = cache


def keep(*, streaming: bool) -> None:
    """At its end: remember what it has opened.

    What a response that still streams has opened stays with it: it may go on to run on
    other threads.
    """
    source = _kept.source = caches._connections  # type: ignore[attr-defined]
    _kept.caches = (
        {}
        if streaming
        else {
            alias: getattr(source, alias)
            for alias in caches.settings
            if hasattr(source, alias)
        }
    )
