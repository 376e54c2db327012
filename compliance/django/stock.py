"""Django's own handlers, for comparison: nothing here knows Legato."""

from __future__ import annotations

import django.test.client
from django.core.handlers.asgi import ASGIHandler

from compliance.django.lending import lend_to_threads
from compliance.django.served import GivenRequests, ServedClient

__all__ = ["served", "untouched"]


class ServedHandler(GivenRequests, ASGIHandler):
    pass


class Served(ServedClient):
    handler_class = ServedHandler


def untouched() -> None:
    """Nothing is substituted."""


def served() -> None:
    """The sync test client drives the whole of ``ASGIHandler``.

    Shows which differences come from that alone: ``python -m compliance.django``.
    """
    lend_to_threads()
    django.test.client.ClientHandler = Served  # type: ignore[misc]
