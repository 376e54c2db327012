"""System checks: what stands in the way, said before a server starts.

Ids are never reused. Each is explained in ``docs/reference/checks.md``.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from legato.conf import Settings, convert_settings, setting_names
from legato.http.cost import count_hops, has_async_views, without_sync_lane
from legato.http.middleware import has_only_hooks
from legato.realtime.channels.channel import Channel
from legato.realtime.channels.registry import registry
from legato.realtime.wiring import build_broker

__all__ = ["CHECKS"]

HOOKS = {
    "authorize": ["client"],
    "on_subscribe": ["client"],
    "on_publish": ["client", "data"],
    "on_unsubscribe": ["client"],
}

REQUIRED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]

RUNSERVER_APPS = ["django.contrib.staticfiles", "daphne"]


def check_setting_names(**kwargs: Any) -> list[CheckMessage]:
    """E001: a key of LEGATO that does not exist."""
    known = setting_names()
    return [
        Error(
            f"settings.LEGATO has no key {name!r}.",
            hint=_hint(_nearest(str(name), known), "E001"),
            id="legato.E001",
        )
        for name in _configured()
        if name not in known
    ]


def check_setting_values(**kwargs: Any) -> list[CheckMessage]:
    """E002: a value of the wrong type or out of bounds."""
    try:
        convert_settings(getattr(django_settings, "LEGATO", {}))
    except msgspec.ValidationError as error:
        hint = _hint("The keys, their types and bounds are listed there.", "E002")
        return [Error(f"settings.LEGATO: {error}.", hint=hint, id="legato.E002")]
    return []


def check_broker(**kwargs: Any) -> list[CheckMessage]:
    """E003: no broker answers to the URL."""
    broker = _configured().get("BROKER", Settings().broker)
    if not isinstance(broker, str):
        return []  # E002 tells of it
    try:
        build_broker(Settings(broker=broker))
    except ImproperlyConfigured as error:
        hint = "Leave BROKER out for the memory broker, which serves one process."
        return [Error(str(error), hint=_hint(hint, "E003"), id="legato.E003")]
    return []


def check_patterns(**kwargs: Any) -> list[CheckMessage]:
    """E004: one name could belong to two channels."""
    return [
        Error(
            f"{_name(one)} ({one.pattern!r}) and {_name(other)} ({other.pattern!r})"
            " can match the same name.",
            hint=_hint("Begin each pattern with a word of its own.", "E004"),
            obj=type(one),
            id="legato.E004",
        )
        for one, other in registry.overlaps()
    ]


def check_hooks(**kwargs: Any) -> list[CheckMessage]:
    """E005: a hook that cannot be called with what it will get."""
    return [
        Error(
            f"{_name(channel)}.{hook}() cannot be called with"
            f" ({', '.join([*positional, *parts])}).",
            hint=_hint(
                f"Declare it as {hook}(self, {', '.join([*positional, *parts])}).",
                "E005",
            ),
            obj=type(channel),
            id="legato.E005",
        )
        for channel in registry
        for hook, positional in HOOKS.items()
        for parts in [list(channel.parsed_pattern.converters)]
        if not _accepts(getattr(channel, hook), positional, parts)
    ]


def check_apps(**kwargs: Any) -> list[CheckMessage]:
    """E006: an app is missing that connections need to know their users."""
    return [
        Error(
            f"Legato needs {app!r} to know who connects.",
            hint=_hint(f"Add {app!r} to INSTALLED_APPS.", "E006"),
            id="legato.E006",
        )
        for app in REQUIRED_APPS
        if app not in _installed()
    ]


def check_inline_middleware(**kwargs: Any) -> list[CheckMessage]:
    """E007: INLINE_MIDDLEWARE names what cannot run on the loop."""
    return [
        Error(
            f"LEGATO['INLINE_MIDDLEWARE'] names {path!r}, {problem}.",
            hint=_hint(remedy, "E007"),
            id="legato.E007",
        )
        for path in _inline_middleware()
        for problem, remedy in _problems_inline(path)
    ]


def check_hops(**kwargs: Any) -> list[CheckMessage]:
    """W003: middleware that takes the requests of async views to a thread."""
    try:
        found = count_hops()
        if not found.hops or _has_stock_handler() or not has_async_views():
            return []
    except Exception:
        return []  # Django's checks tell of settings and URLs that cannot be loaded
    why = []
    if found.blocking:
        why.append(f"may block: {', '.join(map(repr, found.blocking))}")
    if found.holding:
        names = ", ".join(map(repr, found.holding))
        why.append(f"keep a thread while the view runs: {names}")
    hops = "1 hop" if found.hops == 1 else f"{found.hops} hops"
    return [
        checks.Warning(
            f"Each request of an async view takes {hops} to a thread for its"
            f" middleware, which {'; which '.join(why)}.",
            hint=_hint(
                "Name those that never block in LEGATO['INLINE_MIDDLEWARE'], or make"
                " them async-capable.",
                "W003",
            ),
            id="legato.W003",
        )
    ]


def check_sync_lane(**kwargs: Any) -> list[CheckMessage]:
    """W004: no request can run whole on a thread."""
    try:
        names = without_sync_lane()
    except Exception:
        return []
    if not names or _has_stock_handler():
        return []
    return [
        checks.Warning(
            f"{', '.join(map(repr, names))} cannot run synchronously: requests of"
            " sync views hop between the loop and a thread instead of taking one hop.",
            hint=_hint("Make it sync-capable as well, or remove it.", "W004"),
            id="legato.W004",
        )
    ]


def check_runserver(**kwargs: Any) -> list[CheckMessage]:
    """W001: another app's runserver is found first."""
    installed = _installed()
    before = installed[: installed.index("legato")] if "legato" in installed else []
    return [
        checks.Warning(
            f"{app!r} comes before 'legato' in INSTALLED_APPS, so runserver is not"
            " Legato's and serves no live channels.",
            hint=_hint("Put 'legato' first.", "W001"),
            id="legato.W001",
        )
        for app in RUNSERVER_APPS
        if app in before
    ]


def check_authorize(**kwargs: Any) -> list[CheckMessage]:
    """W002: a channel that nobody can use."""
    return [
        checks.Warning(
            f"{_name(channel)} defines no authorize(), so nobody can subscribe to it.",
            hint=_hint("Define authorize() and return True for those who may.", "W002"),
            obj=type(channel),
            id="legato.W002",
        )
        for channel in registry
        if type(channel).authorize is Channel.authorize
    ]


CHECKS: list[Callable[..., list[CheckMessage]]] = [
    check_setting_names,
    check_setting_values,
    check_broker,
    check_patterns,
    check_hooks,
    check_apps,
    check_inline_middleware,
    check_runserver,
    check_authorize,
    check_hops,
    check_sync_lane,
]


def _configured() -> dict[Any, Any]:
    configured = getattr(django_settings, "LEGATO", {})
    return configured if isinstance(configured, dict) else {}


def _has_stock_handler() -> bool:
    return bool(_configured().get("HANDLER") == "django")


def _inline_middleware() -> list[str]:
    paths = _configured().get("INLINE_MIDDLEWARE", [])
    return [path for path in paths if isinstance(path, str)]


def _problems_inline(path: str) -> Iterator[tuple[str, str]]:
    if path not in django_settings.MIDDLEWARE:
        nearest = _nearest(path, django_settings.MIDDLEWARE, same_case=True)
        yield "which is not in MIDDLEWARE", nearest
        return
    with suppress(ImportError):  # Django tells of it
        if not has_only_hooks(import_string(path)):
            remedy = "Make it async-capable instead: it is called on the loop then."
            yield "which is more than process_... methods of a MiddlewareMixin", remedy


def _installed() -> list[str]:
    """INSTALLED_APPS, with app configs reduced to the names of their packages."""
    return [app.partition(".apps.")[0] for app in django_settings.INSTALLED_APPS]


def _nearest(name: str, known: Iterable[str], *, same_case: bool = False) -> str:
    name = name if same_case else name.upper()
    found = difflib.get_close_matches(name, list(known), 1, 0.4)
    return f"Did you mean {found[0]!r}?" if found else "Remove it."


def _accepts(hook: Any, positional: list[str], parts: list[str]) -> bool:
    try:
        inspect.signature(hook).bind(*positional, **dict.fromkeys(parts))
    except TypeError:
        return False
    return True


def _name(channel: Channel) -> str:
    return f"{type(channel).__module__}.{type(channel).__qualname__}"


def _hint(remedy: str, id: str) -> str:
    return f"{remedy} See docs/reference/checks.md#legato{id.lower()}."
