"""What Legato claims of its live channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from legato.bench.bar import Bar, median_of
from legato.bench.results import ratio

if TYPE_CHECKING:
    from legato.bench.results import Results


def judge_fanout(results: Results) -> list[Bar]:
    cpu = results.cpu_us("paced")
    return [
        Bar(
            claim="CPU per delivery at most 1.35 times the floor",
            figure=median_of(ratio(cpu, "legato", to="floor")),
            bound=1.35,
        ),
        Bar(
            claim="CPU per delivery at least 20 times less than Channels",
            figure=median_of(ratio(cpu, "channels", to="legato")),
            bound=20.0,
            least=True,
        ),
        Bar(
            claim="CPU per delivery less than Socket.IO (times)",
            figure=median_of(ratio(cpu, "socket.io", to="legato")),
            bound=1.0,
            least=True,
        ),
    ]


def judge_memory(results: Results) -> list[Bar]:
    kilobytes = results.idle_kilobytes().get("legato")
    return [
        Bar(
            claim="resident memory of an idle client at most 20 KB",
            figure=kilobytes[0] if kilobytes else None,
            bound=20.0,
        )
    ]
