"""Everything a run has measured, and the series and ratios that are read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from legato.bench.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from legato.bench.http.load import Footprint, Slice
    from legato.bench.realtime.fanout import Batch
    from legato.bench.realtime.memory import Idle
    from legato.bench.realtime.storm import Return
    from legato.bench.sizes import Sizes


@dataclass
class Results:
    """Raw figures, as ``--json`` writes them.

    Attributes:
        titles: What each system is, with versions, by its name.
        skipped: Why a system is missing, by its name.
    """

    machine: str
    sizes: Sizes
    titles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    fanout: list[Batch] = field(default_factory=list)
    memory: list[Idle] = field(default_factory=list)
    storms: list[Return] = field(default_factory=list)
    http: list[Slice] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)

    def cpu_us(self, mode: str) -> dict[str, list[float]]:
        """Microseconds of CPU per delivery in each round, by system."""
        return _group((b.system, b.cpu_us) for b in self.fanout if b.mode == mode)

    def idle_kilobytes(self) -> dict[str, list[float]]:
        return _group((idle.system, idle.kilobytes_per_client) for idle in self.memory)

    def storm_cpu_ms(self) -> dict[str, list[float]]:
        return _group((storm.system, storm.cpu_ms) for storm in self.storms)

    def storm_seconds(self) -> dict[str, list[float]]:
        return _group((storm.system, storm.wall_seconds) for storm in self.storms)


def ratio(series: dict[str, list[float]], name: str, to: str) -> Spread | None:
    """One system's figures over another's, None unless both have run."""
    if name not in series or to not in series:
        return None
    return Spread.of_ratios(series[name], series[to])


def _group(pairs: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {}
    for name, value in pairs:
        series.setdefault(name, []).append(value)
    return series
