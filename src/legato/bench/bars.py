"""The bars Legato has set itself, and whether this run meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from legato.bench.http.bars import judge_http
from legato.bench.realtime.bars import judge_fanout, judge_memory

if TYPE_CHECKING:
    from legato.bench.bar import Bar
    from legato.bench.results import Results


def judge(results: Results) -> list[Bar]:
    """The bars of the measures that were asked for; none after a quick run."""
    bars: list[Bar] = []
    if not results.sizes.judged:
        return bars
    if results.fanout:
        bars += judge_fanout(results)
    if results.memory:
        bars += judge_memory(results)
    if results.http:
        bars += judge_http(results)
    return bars
