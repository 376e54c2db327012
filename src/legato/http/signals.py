"""The signals around a request of the async lane, without a hop for Django's own."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished
from django.db import close_old_connections, reset_queries
from django.dispatch import Signal
from django.http.response import HttpResponseBase
from django.urls import set_urlconf

from legato.http.streaming import close

__all__ = ["aclose", "announce"]

OWN_RECEIVERS = frozenset(
    (id(receiver), id(None))  # as Signal.connect() keys them
    for receiver in (close_caches, close_old_connections, reset_queries, reset_urlconf)
)
"""Django's receivers of both signals. Two are for the database connections of the
thread that sends them: a lease sees to those of its own when it changes hands."""


async def announce(signal: Signal, sender: Any, **named: Any) -> None:
    """Send a signal; if only Django listens, without a hop."""
    if not _is_heard_by_django_alone(signal):
        await signal.asend(sender, **named)
    elif signal is request_finished:
        await _finish()


async def aclose(request: Any, response: Any, *, may_block: bool) -> None:
    """Close a response, in a thread if that may block; sends ``request_finished``."""
    if (
        may_block
        or response._resource_closers != [request.close]
        or getattr(response.close, "__func__", None) is not HttpResponseBase.close
        or "_files" in request.__dict__
        or not _is_heard_by_django_alone(request_finished)
    ):
        await sync_to_async(close)(response)
        return
    request.close()
    response._resource_closers.clear()
    response.closed = True
    await _finish()


async def _finish() -> None:
    """What Django's receivers of ``request_finished`` do for the context."""
    set_urlconf(None)
    opened = caches.all(initialized_only=True)
    if any(type(cache).close is not BaseCache.close for cache in opened):
        await sync_to_async(caches.close_all)()


def _is_heard_by_django_alone(signal: Signal) -> bool:
    return OWN_RECEIVERS.issuperset([receiver[0] for receiver in signal.receivers])
