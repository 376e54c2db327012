"""The view of a request, found before its middleware runs, to choose a lane by."""

from __future__ import annotations

from contextlib import nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, get_resolver
from django.urls.resolvers import (
    LocalePrefixPattern,
    RegexPattern,
    RoutePattern,
    URLResolver,
)
from django.utils.translation import (
    get_language,
    get_language_from_path,
    override,
    trans_real,
)

__all__ = ["ForeseenRoutes", "foresee"]


class Route(NamedTuple):
    """A match, and what it depends on that middleware may change.

    Attributes:
        language: None if it does not matter.
    """

    match: ResolverMatch
    path_info: str
    language: str | None
    is_async: bool


def foresee(request: HttpRequest) -> bool:
    """Will an async view answer, as far as can be said before the middleware runs?

    The match is kept for the chain, which would otherwise look for it again.
    """
    route: Route | None = request.__dict__.get("_legato_route")
    if route is None:
        try:
            route = _find_route(request)
        except Resolver404:
            # In the wrong lane, a sync view costs some hops, an async one a thread.
            return len(surprises) >= SURPRISES or _first_segment(request) in surprises
        except Exception:
            # A path converter that asks the database perhaps, as it may in a thread.
            # The chain resolves again and says what is wrong.
            return False
        request.__dict__["_legato_route"] = route
    return route.is_async or route.match.route in surprises


def _find_route(request: HttpRequest) -> Route:
    resolver = get_resolver(getattr(request, "urlconf", None))
    if not _is_translated(resolver):
        match = resolver.resolve(request.path_info)
        return Route(match, request.path_info, None, iscoroutinefunction(match.func))
    language = _language_of_path(request.path_info)
    with override(language) if language else nullcontext():
        match = resolver.resolve(request.path_info)
        is_async = iscoroutinefunction(match.func)
        return Route(match, request.path_info, get_language(), is_async)


def _language_of_path(path: str) -> str | None:
    """The language LocaleMiddleware will find in the path, for ``i18n_patterns``.

    None as well if it was never used: its catalog would be read from the disk.
    """
    loaded: Any = trans_real._translations  # type: ignore[attr-defined]
    language = get_language_from_path(path) if settings.USE_I18N else None
    return language if language in loaded else None


@lru_cache(maxsize=256)
def _is_translated(part: Any) -> bool:
    """Do its URLs depend on the language: prefixes, or patterns in translation?"""
    pattern = vars(part.pattern)
    return (
        isinstance(part.pattern, LocalePrefixPattern)
        or not isinstance(pattern.get("_route", pattern.get("_regex")), str)
        or any(map(_is_translated, getattr(part, "url_patterns", ())))
    )


def _first_segment(request: HttpRequest) -> str:
    return request.path_info.lstrip("/").partition("/")[0]


surprises: set[str] = set()
"""Routes, or first segments of paths, of async views that were not foreseen: middleware
has sent the request there. The next one takes the async lane at once."""

SURPRISES = 1_000
"""How many are remembered; with as many, all that is not foreseen goes async."""


def _remember(surprise: str) -> None:
    if len(surprises) < SURPRISES:
        surprises.add(surprise)


def matches_freely(request: HttpRequest) -> bool:
    """May a match ask the database, or what middleware has set: whose tenant this is?

    True for patterns and path converters that are not Django's.
    """
    return _has_own_parts(get_resolver(getattr(request, "urlconf", None)))


@lru_cache(maxsize=256)
def _has_own_parts(resolver: Any) -> bool:
    return (
        type(resolver.pattern) not in PATTERNS
        or any(
            _has_own_parts(part)
            if isinstance(part, URLResolver)
            else type(part.pattern) not in PATTERNS or _converts(part.pattern)
            for part in resolver.url_patterns
        )
        or _converts(resolver.pattern)
    )


def _converts(pattern: Any) -> bool:
    modules = [type(converter).__module__ for converter in pattern.converters.values()]
    return not all(module.startswith(PURE) for module in modules)


PATTERNS = (LocalePrefixPattern, RegexPattern, RoutePattern)
PURE = ("django.urls.", "rest_framework.")
"""Modules of path converters that look at nothing but the text."""


class ForeseenRoutes(BaseHandler):
    """Uses the match that was found at first if it still holds."""

    def resolve_request(self, request: HttpRequest) -> Any:
        route: Route | None = request.__dict__.pop("_legato_route", None)
        if (
            route is not None
            and not matches_freely(request)
            and route.path_info == request.path_info
            and (route.language is None or route.language == get_language())
            and not hasattr(request, "urlconf")
        ):
            request.resolver_match = route.match
            return route.match
        match = super().resolve_request(request)
        is_foreseen = route is not None and route.is_async
        if not is_foreseen and iscoroutinefunction(match.func):
            _remember(route.match.route if route else _first_segment(request))
        return match
