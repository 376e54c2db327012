"""``request.auser`` in one hop instead of two."""

from __future__ import annotations

from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.module_loading import import_string

__all__ = ["process_request", "takes_one_hop"]

BACKENDS = "django.contrib.auth.backends"


def process_request(middleware: Any, request: HttpRequest) -> None:
    """``AuthenticationMiddleware.process_request``, with an ``auser`` of our own."""
    middleware.process_request(request)
    request.auser = partial(auser, request)


async def auser(request: Any) -> Any:
    """The user of the session; kept where Django's ``auser`` keeps it."""
    if not hasattr(request, "_acached_user"):
        # Session and user together: their async methods take a hop for each.
        request._acached_user = await sync_to_async(get_user)(request)
    return request._acached_user


def takes_one_hop() -> bool:
    """Do sessions and users come from Django's own code, which is sync underneath?"""
    engine = settings.SESSION_ENGINE
    return engine.startswith("django.contrib.sessions.backends.") and all(
        _is_sync_underneath(path) for path in settings.AUTHENTICATION_BACKENDS
    )


def _is_sync_underneath(path: str) -> bool:
    """Does ``aget_user`` of the backend do what its ``get_user`` does?"""
    try:
        backend: Any = import_string(path)
    except ImportError:
        return False  # Django will say so when somebody signs in
    found: Any = getattr(backend, "aget_user", None)
    if getattr(found, "__module__", None) != BACKENDS:
        return False
    is_generic = found.__qualname__ == "BaseBackend.aget_user"
    return is_generic or bool(backend.get_user.__module__ == BACKENDS)
