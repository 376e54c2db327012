"""Who connects: the user of the Django session, from an origin of the site's own."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import parse_cookie
from django.http.request import HttpRequest, validate_host
from django.utils.http import is_same_domain

from legato.threads import ThreadPool

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.base import SessionBase

    User = AbstractBaseUser | AnonymousUser

__all__ = ["is_allowed_origin", "load_user", "session_key_of"]

pool = ThreadPool(4)
"""Threads of its own, so that slow hooks do not keep anyone from connecting."""

Headers = Iterable[tuple[bytes, bytes]]

LOCAL_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
"""What Django allows while DEBUG is on and ALLOWED_HOSTS is empty."""


def is_allowed_origin(headers: Headers, *, secure: bool) -> bool:
    """May a page of this origin connect?

    Browsers send cookies along with a WebSocket handshake from any page, so the
    origin is all that tells the site's own pages from others. Allowed are requests
    without ``Origin`` (no browser), origins in ``CSRF_TRUSTED_ORIGINS``, and hosts in
    ``ALLOWED_HOSTS``. ``"*"`` there allows only the host that was asked for.

    Args:
        secure: The request came over TLS; a page that did not is refused then.
    """
    origin = _header(headers, b"origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin.lower())
        parts.port  # noqa: B018 - a property that raises for what is no number
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return False
    if _is_trusted(parts):
        return True
    if secure and parts.scheme != "https":
        return False
    return _is_named_host(parts.hostname or "") or (
        "*" in settings.ALLOWED_HOSTS
        and parts.netloc == (_header(headers, b"host") or "").lower()
    )


def session_key_of(headers: Headers) -> str:
    """The session key that the cookies name, "" for none."""
    # HTTP/2 may split them into several headers.
    cookie = "; ".join(v.decode("latin-1") for k, v in headers if k == b"cookie")
    return parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "")


async def load_user(session_key: str) -> User:
    """The user whose session this is, checked as Django checks a request.

    A key that names no session, a session from before a change of password, or a
    user who is not active gives an ``AnonymousUser``.
    """
    request = HttpRequest()
    request.session = _session_store(session_key)
    if not session_key:
        return get_user(request)
    # One hop for session and user together; the async twin takes one for each.
    with pool.lease():
        return await sync_to_async(get_user)(request)


def _session_store(session_key: str) -> SessionBase:
    engine: Any = import_module(settings.SESSION_ENGINE)
    store: Any = engine.SessionStore(session_key or None)
    # get_user() gives a session a new key when SECRET_KEY was rotated. Nobody here
    # could tell the browser, so that would sign the user out: look, do not touch.
    store.cycle_key = store.flush = lambda: None
    session: SessionBase = store
    return session


def _header(headers: Headers, name: bytes) -> str | None:
    return next((v.decode("latin-1") for k, v in headers if k == name), None)


def _is_trusted(origin: SplitResult) -> bool:
    """As Django's CSRF check compares: exact, or a wildcard for subdomains."""
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        scheme, _, host = trusted.partition("://")
        if host.startswith("*."):
            host = host.removeprefix("*")
        if origin.scheme == scheme and is_same_domain(origin.netloc, host):
            return True
    return False


def _is_named_host(host: str) -> bool:
    """True when ``ALLOWED_HOSTS`` names this host otherwise than by ``"*"``."""
    hosts = settings.ALLOWED_HOSTS or (LOCAL_HOSTS if settings.DEBUG else [])
    if ":" in host:
        host = f"[{host}]"
    return bool(host) and validate_host(host, [name for name in hosts if name != "*"])
