"""What a run prints, and the raw figures it writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from legato.bench.bars import judge
from legato.bench.http.report import report_footprints, report_http
from legato.bench.realtime.report import report_fanout, report_memory, report_storms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legato.bench.results import Results


def render(results: Results) -> str:
    """The whole report; figures are medians (lowest..highest) of the rounds."""
    return "\n".join(_lines(results))


def raw(results: Results) -> str:
    """The same as JSON, round by round."""
    bars = [asdict(bar) | {"verdict": bar.verdict} for bar in judge(results)]
    return json.dumps(asdict(results) | {"bars": bars}, indent=2) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield "Legato side by side with the alternatives"
    yield results.machine
    yield "Medians (lowest..highest) of the rounds. Times vary by machine, ratios less,"
    yield "and both with what else runs there."
    for name, why in results.skipped.items():
        yield f"Skipped {name}: {why}."
    if results.fanout:
        yield from report_fanout(results)
    if results.memory:
        yield from report_memory(results)
    if results.storms:
        yield from report_storms(results)
    if results.http:
        yield from report_http(results)
        yield from report_footprints(results)
    yield ""
    if not results.sizes.judged:
        yield "A quick run: it shows that all works; no bar is judged by it."
    for bar in judge(results):
        figure = "" if bar.figure is None else f": {bar.figure:.2f}"
        yield f"{bar.verdict:<13} {bar.claim}{figure}"
