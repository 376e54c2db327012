"""Channel names with typed parts: ``ticket:{pk:int}``."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Pattern"]

PART = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<converter>[^{}]*))?\}")

CHARACTERS = frozenset(chr(code) for code in range(0x21, 0x7F))
DIGITS = frozenset("0123456789")
HEX = frozenset("0123456789abcdef")
SLUG = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


@dataclass(frozen=True, slots=True)
class Step:
    """One character out of a set, once, or any number of times."""

    characters: frozenset[str]
    repeats: bool = False


Steps = tuple[Step, ...]


def once_or_more(characters: frozenset[str]) -> Steps:
    return Step(characters), Step(characters, repeats=True)


def literally(text: str) -> Steps:
    return tuple(Step(frozenset(character)) for character in text)


@dataclass(frozen=True, slots=True)
class Converter:
    """How a part of a name is recognised and becomes a Python value.

    Each value has exactly one spelling, so that two names never mean one object:
    ``ticket:7`` matches an int, ``ticket:007`` does not.
    """

    regex: str
    to_python: Callable[[str], Any]
    steps: Steps


CONVERTERS: Mapping[str, Converter] = {
    # 18 digits fit a 64-bit column, the largest key a Django model has.
    "int": Converter("0|[1-9][0-9]{0,17}", int, once_or_more(DIGITS)),
    "str": Converter("[!-9;-~]+", str, once_or_more(CHARACTERS - {":"})),
    "slug": Converter("[-a-zA-Z0-9_]+", str, once_or_more(SLUG)),
    "uuid": Converter(
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        uuid.UUID,
        tuple(
            Step(frozenset("-") if index in (8, 13, 18, 23) else HEX)
            for index in range(36)
        ),
    ),
}


class Pattern:
    """A parsed pattern.

    Args:
        text: Literal text and parts in braces, ``{name}`` or ``{name:converter}``.
            Converters: ``str`` (the default: anything but ``:``), ``int``, ``slug``,
            ``uuid``.

    Raises:
        ValueError: the text cannot be a pattern; the message says why.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.converters: dict[str, Converter] = {}
        open_ended: frozenset[str] = frozenset()
        regex = ""
        steps: list[Step] = []
        for piece in _split(text):
            if isinstance(piece, str):
                _check_literal(text, piece)
                regex += re.escape(piece)
                added = literally(piece)
            else:
                name, converter = self._add_part(piece)
                regex += f"(?P<{name}>{converter.regex})"
                added = converter.steps
            # Where a part could end in several places, names would be ambiguous,
            # and matching a long one could take seconds.
            if open_ended & added[0].characters:
                raise ValueError(
                    f"{text!r}: it is unclear where the part before {_show(piece)!r}"
                    " ends; put ':' between them."
                )
            open_ended = added[-1].characters if added[-1].repeats else frozenset()
            steps += added
        if not steps:
            raise ValueError("A channel pattern must not be empty.")
        self._regex = re.compile(regex)
        self._steps = tuple(steps)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def match(self, name: str) -> dict[str, Any] | None:
        """The typed parts of ``name``, or None when it is not of this pattern."""
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        converters = self.converters
        return {
            part: converters[part].to_python(text)
            for part, text in found.groupdict().items()
        }

    def overlaps(self, other: Pattern) -> bool:
        """True when some name matches both patterns.

        For ints, any run of digits counts as a spelling.
        """
        return _have_common_word(self._steps, other._steps)

    def _add_part(self, part: re.Match[str]) -> tuple[str, Converter]:
        name, kind = part["name"], part["converter"]
        if not name.isidentifier() or name in self.converters:
            raise ValueError(
                f"{self.text!r}: {name!r} cannot name a part; use each Python"
                " identifier once."
            )
        converter = CONVERTERS.get("str" if kind is None else kind)
        if converter is None:
            raise ValueError(
                f"{self.text!r}: there is no converter {kind!r}; there are"
                f" {', '.join(sorted(CONVERTERS))}."
            )
        self.converters[name] = converter
        return name, converter


def _split(text: str) -> Iterator[str | re.Match[str]]:
    """Literal texts and parts, in turn."""
    end = 0
    for part in PART.finditer(text):
        if part.start() > end:
            yield text[end : part.start()]
        yield part
        end = part.end()
    if end < len(text):
        yield text[end:]


def _show(piece: str | re.Match[str]) -> str:
    return piece if isinstance(piece, str) else piece[0]


def _check_literal(pattern: str, text: str) -> None:
    for character in text:
        if character not in CHARACTERS or character in "{}*&":
            raise ValueError(
                f"{pattern!r}: {character!r} cannot stand in a channel name; use"
                " printable ASCII without spaces, braces, '*' and '&'."
            )


def _have_common_word(left: Steps, right: Steps) -> bool:
    """Walk both patterns side by side through every pair of places."""
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        i, j = todo.pop()
        if i == len(left) and j == len(right):
            return True
        for place in _next_places(left, right, i, j):
            if place not in seen:
                seen.add(place)
                todo.append(place)
    return False


def _next_places(
    left: Steps, right: Steps, i: int, j: int
) -> Iterator[tuple[int, int]]:
    a = left[i] if i < len(left) else None
    b = right[j] if j < len(right) else None
    if a is not None and a.repeats:
        yield i + 1, j
    if b is not None and b.repeats:
        yield i, j + 1
    if a is not None and b is not None and a.characters & b.characters:
        yield i if a.repeats else i + 1, j if b.repeats else j + 1
