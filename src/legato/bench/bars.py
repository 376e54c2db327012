"""The bars Legato has set itself, and whether this run meets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.results import ratio

if TYPE_CHECKING:
    from legato.bench.results import Results


@dataclass(frozen=True)
class Bar:
    """A claim, the figure it stands on, and the bound of that figure.

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


def judge(results: Results) -> list[Bar]:
    """The bars of the measures that were asked for; none after a quick run."""
    bars: list[Bar] = []
    if not results.sizes.judged:
        return bars
    if results.fanout:
        bars += _judge_fanout(results.cpu_us("paced"))
    if results.memory:
        kilobytes = results.idle_kilobytes().get("legato")
        bars.append(
            Bar(
                claim="resident memory of an idle client at most 20 KB",
                figure=kilobytes[0] if kilobytes else None,
                bound=20.0,
            )
        )
    return bars


def _judge_fanout(cpu: dict[str, list[float]]) -> list[Bar]:
    floor = _median_ratio(cpu, "legato", to="floor")
    channels = _median_ratio(cpu, "channels", to="legato")
    socketio = _median_ratio(cpu, "socket.io", to="legato")
    return [
        Bar(
            claim="CPU per delivery at most 1.35 times the floor",
            figure=floor,
            bound=1.35,
        ),
        Bar(
            claim="CPU per delivery at least 20 times less than Channels",
            figure=channels,
            bound=20.0,
            least=True,
        ),
        Bar(
            claim="CPU per delivery less than Socket.IO (times)",
            figure=socketio,
            bound=1.0,
            least=True,
        ),
    ]


def _median_ratio(series: dict[str, list[float]], name: str, to: str) -> float | None:
    spread = ratio(series, name, to)
    return spread.median if spread else None
