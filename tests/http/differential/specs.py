"""What an example is made of: plain values, so that a failing one prints readably."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Example", "Layer", "Request", "View"]


class Spec:
    """Prints only what differs from the defaults."""

    def __repr__(self) -> str:
        values = []
        for field in fields(self):  # type: ignore[arg-type]
            value: Any = getattr(self, field.name)
            if value != field.default:
                values.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(values)})"


@dataclass(frozen=True, repr=False)
class Layer(Spec):
    """One middleware.

    Attributes:
        kind: How it is written, a key of ``layers.KINDS``.
        request: Actions before the view, in order. See ``actions``.
        response: What it does to the response on the way out. See ``layers``.
        view, exception, template: Actions of the hook of that name; None for no hook.
        async_hooks: Whether the hooks are coroutine functions.
        unused: The factory raises MiddlewareNotUsed.
        inline: It is named in ``INLINE_MIDDLEWARE``.
    """

    kind: str
    request: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    view: tuple[str, ...] | None = None
    exception: tuple[str, ...] | None = None
    template: tuple[str, ...] | None = None
    async_hooks: bool = False
    unused: bool = False
    inline: bool = False


@dataclass(frozen=True, repr=False)
class View(Spec):
    """One view.

    Attributes:
        kind: How it is written, a key of ``views.KINDS``.
        does: Actions, in order.
        gives: The response, a key of ``responses.RESPONSES``, or "raise X".
        decorator: A key of ``views.DECORATORS``.
    """

    kind: str
    does: tuple[str, ...] = ()
    gives: str = "html"
    decorator: str = ""


@dataclass(frozen=True, repr=False)
class Request(Spec):
    """One request.

    Attributes:
        path: "view" and "other" name the views; "missing" is a 404, "no slash" lacks
            the slash that CommonMiddleware appends.
        body: "", "form", "form without token", "upload", "big upload", "too big",
            "junk".
        pieces: ASGI messages that bring the body.
        session: "" for none, "visitor", "user", or "stale" for an unknown key.
        leaves: When the client goes: "" for after the response, "early" for before
            the end of the body, "stalls N" for a connection that takes N messages and
            is then found closed, "breaks N" for one whose ``send`` then raises.
            Views and streams that wait for good are always left.
    """

    path: str = "view"
    method: str = "GET"
    body: str = ""
    pieces: int = 1
    query: bytes = b""
    host: str = "testserver"
    headers: tuple[tuple[str, str], ...] = ()
    session: str = ""
    root: str = ""
    leaves: str = ""


@dataclass(frozen=True, repr=False)
class Example(Spec):
    """A site and what is asked of it, one request after the other, cookies kept.

    Attributes:
        middleware: From the outside in; a string is one of Django's own.
        other: The view at the other path, and at ``view`` in the other URLconf.
        errors: Error handlers of the URLconf: "" for Django's, "own", "failing".
        receivers: Who listens to signals and to the closing of responses: "" for
            Django alone, "sync", or "both" for sync and async receivers.
    """

    middleware: tuple[Layer | str, ...] = ()
    view: View = View("sync")
    other: View = View("async")
    requests: tuple[Request, ...] = (Request(),)
    errors: str = ""
    atomic_requests: bool = False
    debug: bool = False
    propagate: bool = False
    receivers: str = ""
    session_engine: str = "db"
