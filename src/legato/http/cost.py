"""What the middleware of a project costs a request in hops to a thread and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.urls import URLPattern, get_resolver
from django.utils.module_loading import import_string

from legato.http.inline import always, rules_of
from legato.http.middleware import carriage_of, fits_sync_lane

__all__ = ["Hops", "count_hops", "has_async_views", "without_sync_lane"]


class Hops(NamedTuple):
    """Of one request of an async view, not counting what hops only now and then.

    Attributes:
        hops: Ways to a thread and back.
        blocking: Dotted paths of the middleware they are for.
        holding: Those in which a thread waits for the view all the while.
    """

    hops: int
    blocking: list[str]
    holding: list[str]


def count_hops() -> Hops:
    """For ``settings.MIDDLEWARE`` as it stands."""
    hops = 0
    blocking: list[str] = []
    holding: list[str] = []
    enters = leaves = False
    is_sync = False
    for path in reversed(settings.MIDDLEWARE):
        factory: Any = import_string(path)
        carriage = carriage_of(path, factory, around_sync=is_sync)
        if carriage != "segment":
            hops, enters, leaves = hops + enters + leaves, False, False
        if carriage == "sync":
            if not is_sync:
                hops += 1
            if not getattr(factory, "async_capable", False):
                holding.append(path)
        elif carriage == "segment":
            rules = rules_of(path)
            inwards = hasattr(factory, "process_request") and rules.request is always
            outwards = hasattr(factory, "process_response") and rules.response is always
            if inwards or outwards:
                blocking.append(path)
            enters, leaves = enters or inwards, leaves or outwards
        is_sync = carriage == "sync"
    return Hops(hops + enters + leaves, blocking[::-1], holding[::-1])


def without_sync_lane() -> list[str]:
    """Middleware that cannot run in a thread: dotted paths."""
    return [p for p in settings.MIDDLEWARE if not fits_sync_lane(import_string(p))]


def has_async_views() -> bool:
    """Does any URL of the project lead to an async view?"""
    return any(iscoroutinefunction(p.callback) for p in _walk(get_resolver()))


def _walk(resolver: Any) -> Iterator[URLPattern]:
    patterns: Iterable[Any] = resolver.url_patterns
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from _walk(pattern)
