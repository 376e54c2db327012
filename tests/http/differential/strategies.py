"""Examples for hypothesis to draw, the simplest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.http.differential.actions import ACTIONS, PLAIN
from tests.http.differential.bridges import SYNC as BRIDGES
from tests.http.differential.client import BODIES, PATHS
from tests.http.differential.errors import ERRORS
from tests.http.differential.kinds import EITHER, FUNCTIONS, KINDS, MIXINS
from tests.http.differential.responses import ASYNC_ONLY, RESPONSES
from tests.http.differential.settings import DJANGO, NEEDS, STARTPROJECT
from tests.http.differential.specs import Example, Layer, Request, View
from tests.http.differential.views import ASYNC_KINDS, DECORATORS
from tests.http.differential.views import KINDS as VIEW_KINDS

__all__ = ["examples"]

RAISE = tuple(f"raise {name}" for name in ERRORS)
EARLY = ("respond", *RAISE)
RARELY = st.sampled_from([False] * 9 + [True])
INLINE = ("speak German", "change urlconf", "change path")
"""Actions of middleware that has been declared not to block."""

EDITS = ("header", "cookie", "vary", "wrap", "replace", "none")


@st.composite
def actions_among(
    draw: Any, names: tuple[str, ...], *, most: int = 2, endings: tuple[str, ...]
) -> tuple[str, ...]:
    """A few actions, and now and then one after which nothing follows."""
    actions = draw(st.lists(st.sampled_from(names), max_size=most))
    if draw(RARELY):
        actions.append(draw(st.sampled_from(endings)))
    elif "respond" in endings and draw(RARELY):
        actions.append("respond")
    return tuple(actions)


@st.composite
def hooks_among(draw: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Keywords for the hooks of a layer; half of the layers have none."""
    if draw(st.booleans()):
        return {}
    names = tuple(name for name in names if name != "stay behind")
    rendering = actions_among(("context", "template", *names), endings=("none", *RAISE))
    hooks = {
        "view": actions_among(names, endings=EARLY),
        "exception": actions_among(names, endings=EARLY),
        "template": rendering,
    }
    chosen = draw(st.sets(st.sampled_from(sorted(hooks)), min_size=1))
    return {name: draw(hooks[name]) for name in sorted(chosen)}


@st.composite
def layers(draw: Any) -> Layer:
    kind = draw(st.sampled_from(KINDS))
    inline = kind in MIXINS and draw(RARELY)
    names = INLINE if inline else PLAIN if kind in EITHER else ACTIONS
    hooks = {} if kind in FUNCTIONS else draw(hooks_among(names))
    return Layer(
        kind,
        request=draw(actions_among(names, most=1, endings=EARLY)),
        response=draw(actions_among((*EDITS, *names), most=1, endings=RAISE)),
        async_hooks=bool(hooks) and not inline and draw(st.booleans()),
        unused=draw(RARELY),
        inline=inline,
        **hooks,
    )


@st.composite
def stacks(draw: Any) -> tuple[Layer | str, ...]:
    """Django's own middleware in its order, with layers anywhere in between."""
    some = st.sets(st.sampled_from(list(DJANGO)), max_size=6)
    chosen = set(draw(some | st.just(STARTPROJECT)))
    for name in list(chosen):
        while name in NEEDS and NEEDS[name] not in chosen:
            name = NEEDS[name]
            chosen.add(name)
    stack: list[Layer | str] = [name for name in DJANGO if name in chosen]
    for layer in draw(st.lists(layers(), max_size=6)):
        stack.insert(draw(st.integers(0, len(stack))), layer)
    return tuple(stack)


STREAMS = tuple(name for name in RESPONSES if "stream" in name or "file" in name)
OTHERS = tuple(name for name in RESPONSES if name not in STREAMS)
GIVES = (OTHERS, OTHERS, STREAMS, (*RAISE, "none", "coroutine"))


@st.composite
def views(draw: Any) -> View:
    kind = draw(st.sampled_from(tuple(VIEW_KINDS)))
    gives = (*GIVES, ASYNC_ONLY) if kind in ASYNC_KINDS else GIVES
    return View(
        kind,
        does=draw(actions_among(ACTIONS, endings=EARLY)),
        gives=draw(st.sampled_from(draw(st.sampled_from(gives)))),
        decorator=draw(st.sampled_from(("",) * len(DECORATORS) + tuple(DECORATORS))),
    )


HEADERS = {
    "accept-encoding": ["gzip"],
    "accept-language": ["de", "fr;q=0.8, en"],
    "if-none-match": ["*"],
    "if-modified-since": ["Thu, 01 Jan 2032 00:00:00 GMT"],
    "x-requested-with": ["XMLHttpRequest"],
}
QUERIES = [b"", b"", b"", b"", b"a=1&b=%C3%BC", b"a=%FF", b"\xff"]


HEADER_LINES = [(name, value) for name in HEADERS for value in HEADERS[name]]
LEAVES = ["", "", "", "early"]
LEAVES += [f"stalls {n}" for n in range(1, 4)] + [f"breaks {n}" for n in range(3)]


@st.composite
def requests(draw: Any) -> Request:
    body = draw(st.sampled_from(["", "", *BODIES]))
    method = "POST" if body else "GET"
    methods = [method] * 6 + ["HEAD", "POST", "PUT", "OPTIONS"]
    headers = draw(st.lists(st.sampled_from(HEADER_LINES), max_size=2, unique_by=first))
    return Request(
        path=draw(st.sampled_from(["view", "view", "other", "view", *PATHS])),
        method=draw(st.sampled_from(methods)),
        body=body,
        pieces=draw(st.integers(1, 3)) if body else 1,
        query=draw(st.sampled_from(QUERIES)),
        host=draw(st.sampled_from(["testserver"] * 9 + ["evil.example"])),
        headers=tuple(sorted(headers)),
        session=draw(st.sampled_from(["", "visitor", "user", "stale"])),
        root=draw(st.sampled_from([""] * 9 + ["/app"])),
        leaves=draw(st.sampled_from(LEAVES)),
    )


def first(header: tuple[str, str]) -> str:
    return header[0]


@st.composite
def examples(draw: Any) -> Example:
    example: Example = draw(
        st.builds(
            Example,
            middleware=stacks(),
            view=views(),
            other=views(),
            requests=st.lists(requests(), min_size=1, max_size=3).map(tuple),
            errors=st.sampled_from(["", "", "own", "failing"]),
            atomic_requests=RARELY,
            debug=RARELY,
            propagate=RARELY,
            receivers=st.sampled_from(["", "sync", "sync", "both"]),
            session_engine=st.sampled_from(
                ["db", "db", "cached_db", "cache", "signed_cookies"]
            ),
        )
    )
    return replace(
        example,
        view=settle(example.view, repr(example.middleware)),
        other=settle(example.other, repr(example.middleware)),
    )


def settle(view: View, middleware: str) -> View:
    """Without what cannot end well behind that middleware.

    In a lane that was not foreseen nobody listens: see ``differences``. And asgiref
    loses sight of what a thread waits for once that has crossed over to async code.
    """
    reroutes = "change urlconf" in middleware or "change path" in middleware
    crosses = any(repr(name) in middleware for name in BRIDGES)
    if reroutes:
        does = tuple(action for action in view.does if action != "stay behind")
        view = replace(view, does=does)
    if (reroutes or crosses) and view.gives in ASYNC_ONLY:
        view = replace(view, gives="html")
    return view
