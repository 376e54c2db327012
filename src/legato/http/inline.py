"""Which middleware of Django may run on the event loop, and when.

An entry says when a method of a middleware *blocks*: waits for a disk, a database or
a cache, or computes for longer than other requests should wait. Each was read in
Django 5.2, 6.0 and 6.1, and runs under a blocking detector in the tests. An entry is
for exactly that class: what a subclass does is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from legato.conf import get_settings
from legato.http.routes import matches_freely

__all__ = ["GATES", "KNOWN", "Blocks", "Rules", "rules_of"]

Blocks = Callable[..., bool]

LARGE = 65_536
"""Bytes of content that take too long to compress or to hash: some milliseconds."""


def always(*args: Any) -> bool:
    return True


@dataclass(frozen=True)
class Rules:
    """When the methods of a middleware block; None is never.

    Attributes:
        request: ``blocks(request)``, for ``process_request``.
        view: ``blocks(request, view)``, for ``process_view``.
        response: ``blocks(request, response)``, for ``process_response``.
        process_request: Stands in for the method, called ``(middleware, request)``.
    """

    request: Blocks | None = None
    view: Blocks | None = None
    response: Blocks | None = None
    process_request: Callable[[Any, HttpRequest], Any] | None = None


INLINE = Rules()
BLOCKING = Rules(always, always, always)


def is_unsafe(request: HttpRequest, view: Any) -> bool:
    """The body may have to be parsed for a token, or a page rendered to refuse."""
    return request.method not in ("GET", "HEAD", "OPTIONS", "TRACE") and not getattr(
        view, "csrf_exempt", False
    )


def keeps_token_in_session(request: HttpRequest, *args: Any) -> bool:
    return bool(settings.CSRF_USE_SESSIONS)


def is_unsaved(request: Any, response: Any) -> bool:
    """Has the session been changed?"""
    session: Any = getattr(request, "session", None)
    # Some middleware puts a plain dict there, to have no session.
    return hasattr(session, "modified") and (
        session.modified or settings.SESSION_SAVE_EVERY_REQUEST
    )


def messages_are_custom(request: HttpRequest) -> bool:
    """Django's own message storages open nothing before they are read."""
    return not settings.MESSAGE_STORAGE.startswith("django.contrib.messages.storage.")


def messages_change(request: HttpRequest, response: Any) -> bool:
    """Messages were added, or read from elsewhere than a cookie."""
    storage: Any = getattr(request, "_messages", None)
    if storage is None or not (storage.used or storage.added_new):
        return False
    is_known = type(storage) is FallbackStorage
    if not is_known or storage._queued_messages:
        return True
    return any(type(used) is not CookieStorage for used in storage._used_storages)


def is_missing(request: HttpRequest, response: Any) -> bool:
    """A page was not found: time to look elsewhere, or to write to somebody."""
    return bool(response.status_code == 404)


def is_compressible(request: HttpRequest, response: Any) -> bool:
    return (
        not response.streaming
        and "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
        and len(response.content) >= 200
    )


def is_large(request: HttpRequest, response: Any) -> bool:
    return not response.streaming and len(response.content) > LARGE


def is_head(request: HttpRequest, view: Any) -> bool:
    return request.method == "HEAD"


def user_is_unknown(request: HttpRequest, view: Any) -> bool:
    """``request.user`` has not been looked at, and may have to be loaded."""
    user: Any = request.__dict__.get("user")
    return isinstance(user, LazyObject) and user._wrapped is empty


def looks_for_slash(request: HttpRequest) -> bool:
    return not request.path_info.endswith("/") and matches_freely(request)


def looks_for_page(request: HttpRequest, response: Any) -> bool:
    return is_missing(request, response) and matches_freely(request)


class Languages:
    """What has been asked for so far: that decides which catalogs Django has read."""

    LIMIT = 1_000

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def are_new(self, request: HttpRequest) -> bool:
        return self._key(request) not in self._known

    def process_request(self, middleware: Any, request: HttpRequest) -> Any:
        """``LocaleMiddleware.process_request``, which reads them."""
        response = middleware.process_request(request)
        if len(self._known) >= self.LIMIT:
            self._known.clear()
        self._known.add(self._key(request))
        return response

    def _key(self, request: HttpRequest) -> bytes:
        asked = "\n".join(
            (
                request.META.get("HTTP_ACCEPT_LANGUAGE", ""),
                request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
                request.path_info.partition("/")[2].partition("/")[0],
            )
        )
        return hashlib.blake2b(
            asked.encode("utf-8", "replace"), digest_size=16
        ).digest()


KNOWN: dict[str, Rules] = {
    "django.contrib.admindocs.middleware.XViewMiddleware": Rules(view=is_head),
    "django.contrib.auth.middleware.LoginRequiredMiddleware": Rules(
        view=user_is_unknown
    ),
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware": Rules(
        response=is_missing
    ),
    "django.contrib.messages.middleware.MessageMiddleware": Rules(
        request=messages_are_custom, response=messages_change
    ),
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware": Rules(
        response=is_missing
    ),
    "django.middleware.clickjacking.XFrameOptionsMiddleware": INLINE,
    "django.middleware.common.BrokenLinkEmailsMiddleware": Rules(response=is_missing),
    "django.middleware.common.CommonMiddleware": Rules(
        request=looks_for_slash, response=looks_for_page
    ),
    "django.middleware.csp.ContentSecurityPolicyMiddleware": INLINE,
    "django.middleware.csrf.CsrfViewMiddleware": Rules(
        request=keeps_token_in_session,
        view=is_unsafe,
        response=keeps_token_in_session,
    ),
    "django.middleware.gzip.GZipMiddleware": Rules(response=is_compressible),
    "django.middleware.http.ConditionalGetMiddleware": Rules(response=is_large),
    "django.middleware.security.SecurityMiddleware": INLINE,
}

AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def session_rules() -> Rules:
    """Django's session stores open nothing before they are read.

    To save one takes a hop; its async methods take one for each step.
    """
    if settings.SESSION_ENGINE == "django.contrib.sessions.backends.signed_cookies":
        return INLINE
    if settings.SESSION_ENGINE.startswith("django.contrib.sessions.backends."):
        return Rules(response=is_unsaved)
    return BLOCKING


def authentication_rules() -> Rules:
    """The user is loaded when somebody asks for it."""
    # Imports models, so not before the apps are ready.
    from legato.http.users import process_request, takes_one_hop

    return Rules(process_request=process_request) if takes_one_hop() else INLINE


def locale_rules() -> Rules:
    languages = Languages()
    return Rules(
        request=languages.are_new,
        response=looks_for_page,
        process_request=languages.process_request,
    )


def rules_of(path: str) -> Rules:
    """The rules for a middleware, by its dotted path in the settings."""
    if path in get_settings().inline_middleware:
        return INLINE
    if path == SESSIONS:
        return session_rules()
    if path == AUTHENTICATION:
        return authentication_rules()
    if path == LOCALE:
        return locale_rules()
    return KNOWN.get(path, BLOCKING)


def finds_static_file(middleware: Any, request: HttpRequest) -> bool:
    """WhiteNoise opens a file, or looks for one on the disk each time."""
    return middleware.autorefresh or request.path_info in middleware.files


GATES: dict[str, Callable[[Any, HttpRequest], bool]] = {
    "whitenoise.middleware.WhiteNoiseMiddleware": finds_static_file,
}
"""Sync middleware that passes on untouched what it does not answer itself, and
``blocks(middleware, request)``."""
