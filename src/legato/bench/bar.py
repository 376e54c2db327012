"""A bar: a claim, the figure it stands on, and the bound of that figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from legato.bench.figures import Spread


@dataclass(frozen=True)
class Bar:
    """
    Attributes:
        figure: The median measured, None where an alternative did not run.
        least: The figure must reach the bound; otherwise it must not exceed it.
    """

    claim: str
    figure: float | None
    bound: float
    least: bool = False

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "NOT MEASURED"
        met = self.figure >= self.bound if self.least else self.figure <= self.bound
        return "PASS" if met else "MISSED"


def median_of(spread: Spread | None) -> float | None:
    return spread.median if spread else None
