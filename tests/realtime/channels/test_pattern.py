from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from legato.realtime.channels.pattern import CONVERTERS, Pattern


@pytest.mark.parametrize(
    ("pattern", "name", "parts"),
    [
        ("news", "news", {}),
        ("ticket:{pk:int}", "ticket:7", {"pk": 7}),
        ("ticket:{pk:int}", "ticket:0", {"pk": 0}),
        ("ticket:{pk:int}", "ticket:07", None),
        ("ticket:{pk:int}", "ticket:-7", None),
        ("ticket:{pk:int}", "ticket:", None),
        ("ticket:{pk:int}", "ticket:" + "9" * 18, {"pk": int("9" * 18)}),
        ("ticket:{pk:int}", "ticket:" + "9" * 19, None),
        ("ticket:{pk:int}", "ticket:7\n", None),
        ("ticket:{pk:int}", "ticket:٧", None),
        ("room:{name}", "room:a-b.c", {"name": "a-b.c"}),
        ("room:{name}", "room:a:b", None),
        ("room:{name}", "room:a b", None),
        ("page:{slug:slug}", "page:a-b_C", {"slug": "a-b_C"}),
        ("page:{slug:slug}", "page:a.b", None),
        ("{a}:{b:int}", "x:1", {"a": "x", "b": 1}),
        ("{a:int}-{b:int}", "1-2", {"a": 1, "b": 2}),
        ("a.c", "abc", None),
        (
            "f:{id:uuid}",
            "f:6a4b1c0e-9f51-4b8e-8a52-1de6a1b0c9aa",
            {"id": uuid.UUID("6a4b1c0e-9f51-4b8e-8a52-1de6a1b0c9aa")},
        ),
        ("f:{id:uuid}", "f:6A4B1C0E-9F51-4B8E-8A52-1DE6A1B0C9AA", None),
    ],
)
def test_names_match_with_typed_parts(
    pattern: str, name: str, parts: dict[str, Any] | None
) -> None:
    assert Pattern(pattern).match(name) == parts


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "must not be empty"),
        ("a b", "' ' cannot stand in a channel name"),
        ("ä", "cannot stand in a channel name"),
        ("a*", r"'\*' cannot stand"),
        ("a:{", "'{' cannot stand"),
        ("a:{pk:float}", "no converter 'float'; there are int, slug, str, uuid"),
        ("a:{1st}", "'1st' cannot name a part"),
        ("a:{x}:{x}", "'x' cannot name a part"),
        ("a:{}", "'' cannot name a part"),
        ("a:{x}{y}", r"unclear where the part before '\{y\}' ends"),
        ("a:{x}-{y}", "unclear where the part before '-' ends"),
        ("a:{x:slug}{y:int}", "unclear where"),
        ("a:{x:int}7", "unclear where"),
    ],
)
def test_a_bad_pattern_says_what_is_wrong(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("room:{name}", "room:lobby", True),
        ("room:{name}", "room:{pk:int}", True),
        ("room:{name}", "rooms:{name}", False),
        ("room:{name}", "room:{a}:{b}", False),
        ("room:{pk:int}", "room:lobby", False),
        ("{a}:{b}", "room:{pk:int}", True),
        ("x{a:int}", "x{b:slug}", True),
        ("f:{id:uuid}", "f:{pk:int}", False),
        ("f:{id:uuid}", "f:{name:slug}", True),
    ],
)
def test_overlaps_are_found(one: str, other: str, overlap: bool) -> None:
    assert Pattern(one).overlaps(Pattern(other)) is overlap
    assert Pattern(other).overlaps(Pattern(one)) is overlap


pieces = st.sampled_from(["a", "7", ":", "x-", "{%:int}", "{%}", "{%:slug}"])


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    chosen = draw(st.lists(pieces, min_size=1, max_size=4))
    text = "".join(p.replace("%", f"p{i}") for i, p in enumerate(chosen))
    try:
        return Pattern(text)
    except ValueError:
        reject()


@given(one=patterns(), other=patterns(), data=st.data())
def test_a_name_of_two_patterns_proves_that_they_overlap(
    one: Pattern, other: Pattern, data: st.DataObject
) -> None:
    regex = re.sub(
        r"\{p\d:?(\w*)\}",
        lambda part: f"({CONVERTERS[part[1] or 'str'].regex})",
        one.text,
    )
    name = data.draw(st.from_regex(regex, fullmatch=True))
    assert one.match(name) is not None
    if other.match(name) is not None:
        assert one.overlaps(other)


def test_a_long_name_is_matched_in_no_time() -> None:
    pattern = Pattern("room:{a:int}-{b:int}-{c:int}-{d:slug}")
    # Backtracking would take minutes, and the test would time out.
    for _ in range(10_000):
        assert pattern.match("room:" + "1-" * 120 + "!") is None
