"""The same example through two handlers, and what tells them apart."""

from __future__ import annotations

import difflib
from typing import Any

from tests.http.differential.differences import erase
from tests.http.differential.observe import Observation, observe
from tests.http.differential.report import lines_of
from tests.http.differential.specs import Example
from tests.http.differential.threads import broken_rules, moved_to_the_loop

__all__ = ["compare"]


def compare(example: Example, stock_class: Any, our_class: Any) -> str:
    """What is wrong, to be read; empty if nothing is."""
    stock, ours = observe(example, stock_class), observe(example, our_class)
    wrong = broken_rules(ours) + moved_to_the_loop(stock, ours) + left_over(stock, ours)
    erase(stock)
    erase(ours)
    expected, lines = lines_of(stock), lines_of(ours)
    names = (stock_class.__qualname__, our_class.__qualname__)
    diff = difflib.unified_diff(expected, lines, *names, lineterm="", n=6)
    return "\n".join([*wrong, *diff])


def left_over(stock: Observation, ours: Observation) -> list[str]:
    """What was not given back. Where Django leaves the same, it is no difference."""
    left = list(ours.leftovers)
    if count_unclosed(ours) > count_unclosed(stock):
        left.append(f"never closed: {ours.warnings}")
    if ours.open_connections > stock.open_connections:
        left.append(f"{ours.open_connections} connections left open")
    if len(ours.complaints) > len(stock.complaints):
        left.append(f"asyncio complains: {ours.complaints}")
    for n, answer in enumerate(ours.answers):
        known = stock.answers[n].leftovers
        left += (
            f"request {n}: {each}" for each in answer.leftovers if each not in known
        )
        began = any(event.what == "stream began" for event in answer.events)
        released = sum(event.what == "stream released" for event in answer.events)
        if began != released:
            left.append(f"request {n}: stream released {released} times")
    return left + [f"without context: {text}" for text in ours.strays]


def count_unclosed(observation: Observation) -> int:
    return sum(text.startswith("ResourceWarning") for text in observation.warnings)
