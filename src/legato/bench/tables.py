"""Tables of a report, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from legato.bench.figures import Spread

_NONE = "-"


def show(spread: Spread | None) -> str:
    return spread.show() if spread else _NONE


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names on the left, figures on the right below their heads."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{first:<{widths[0]}}"]
        cells += [
            f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)
        ]
        yield "  " + "   ".join(cells).rstrip()
