"""What is said of several rounds: a median between its extremes, and ratios."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Spread:
    """The median of some rounds between the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        return cls(median(values), min(values), max(values))

    @classmethod
    def of_ratios(cls, values: Sequence[float], others: Sequence[float]) -> Self:
        """Each round's value over the other's value in the same round."""
        pairs = zip(values, others, strict=True)
        return cls.of([value / other for value, other in pairs])

    def show(self) -> str:
        if self.low == self.high:
            return _three_digits(self.median)
        low, high = _three_digits(self.low), _three_digits(self.high)
        return f"{_three_digits(self.median)} ({low}..{high})"


def _three_digits(value: float) -> str:
    """Three digits that count: more of them would be noise."""
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"
