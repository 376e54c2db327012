"""The series of rounds that are read from slices, by system."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from legato.bench.http.load import Slice
    from legato.bench.http.pages import Page


def slices_of(
    slices: Iterable[Slice], page: Page, connections: int
) -> dict[str, list[Slice]]:
    """The slices of one page, in the order of the rounds."""
    wanted = (page.view, page.kind, connections)
    found: dict[str, list[Slice]] = {}
    for each in slices:
        if (each.view, each.kind, each.connections) == wanted:
            found.setdefault(each.system, []).append(each)
    return found


def cpu_us(
    slices: Iterable[Slice], page: Page, connections: int
) -> dict[str, list[float]]:
    """Microseconds of the server's CPU for a request, in each round."""
    found = slices_of(slices, page, connections)
    return {name: [each.cpu_us for each in rounds] for name, rounds in found.items()}


def lowest_of(
    series: dict[str, list[float]], names: Sequence[str]
) -> list[float] | None:
    """The lowest of these series; None if one of them was not measured."""
    if not all(name in series for name in names):
        return None
    return min((series[name] for name in names), key=median)
