"""Legato's handler in the places where Django's tests drive one.

Each function is called before any test is imported: tests hold these classes by name.
"""

from __future__ import annotations

from typing import Any

# Its handlers remain Django's own; what they wrap in a test is replaced.
import django.contrib.staticfiles.handlers
import django.core.asgi
import django.core.handlers.asgi
import django.test.client
from asgiref.sync import async_to_sync
from django.test.client import AsyncClientHandler, ClientHandler

from compliance.django.lending import lend_to_threads
from compliance.django.served import GivenRequests, ServedClient
from legato.http.handler import Handler
from legato.http.lanes import Lanes

__all__ = ["as_chosen", "async_lane", "bridged"]


class ServedHandler(GivenRequests, Handler):
    pass


class Served(ServedClient):
    handler_class = ServedHandler


class AsyncClient(Lanes, AsyncClientHandler):
    pass


class Bridge(ClientHandler):
    """Makes of the sync test client one that enters an async chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=True)

    def get_response(self, request: Any) -> Any:
        return async_to_sync(self.get_response_async)(request)


class Bridged(Bridge, Lanes):
    pass


def as_chosen() -> None:
    """Each request takes the lane that Legato chooses for it.

    The sync test client drives the whole handler, the async one its lanes.
    """
    lend_to_threads()
    substitute(Served)


def async_lane() -> None:
    """The same, and every request takes the async lane."""
    as_chosen()
    close_sync_lane()


def bridged() -> None:
    """The async lane for all, with sync code on the thread of the test that waits."""
    substitute(Bridged)
    close_sync_lane()


def substitute(client: type[ClientHandler]) -> None:
    django.test.client.ClientHandler = client  # type: ignore[misc]
    django.test.client.AsyncClientHandler = AsyncClient  # type: ignore[misc]
    django.core.handlers.asgi.ASGIHandler = Handler  # type: ignore[misc]
    django.core.asgi.ASGIHandler = Handler  # type: ignore[attr-defined]


def close_sync_lane() -> None:
    load_middleware = Lanes.load_middleware

    def load_async_middleware(self: Lanes, is_async: bool = True) -> None:
        load_middleware(self, is_async)
        self.sync_chain = None

    Lanes.load_middleware = load_async_middleware  # type: ignore[method-assign]
