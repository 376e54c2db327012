"""What a run prints, and the raw figures it writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from legato.bench.bars import judge
from legato.bench.conversation import TEXT_SIZE
from legato.bench.figures import Spread
from legato.bench.results import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from legato.bench.results import Results

_OURS = "legato"
_NONE = "-"


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
        yield from _fanout(results)
    if results.memory:
        yield from _memory(results)
    if results.storms:
        yield from _storms(results)
    yield ""
    if not results.sizes.judged:
        yield "A quick run: it shows that all works; no bar is judged by it."
    for bar in judge(results):
        figure = "" if bar.figure is None else f": {bar.figure:.2f}"
        yield f"{bar.verdict:<13} {bar.claim}{figure}"


def _fanout(results: Results) -> Iterator[str]:
    sizes = results.sizes
    paced, burst = results.cpu_us("paced"), results.cpu_us("burst")
    rows = [("µs of CPU per delivery", "paced", "/ floor", "/ Legato", "burst")]
    for name, values in paced.items():
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                _show(ratio(paced, name, to="floor")),
                _show(ratio(paced, name, to=_OURS)),
                Spread.of(burst[name]).show(),
            )
        )
    yield ""
    yield (
        f"Fan-out of {TEXT_SIZE} bytes to {sizes.subscribers:,} subscribers, "
        f"rounds: {sizes.rounds}"
    )
    yield (
        f"  paced: one publication after all have received the last; "
        f"burst: {sizes.burst} at once"
    )
    yield from _table(rows)


def _memory(results: Results) -> Iterator[str]:
    kilobytes = results.idle_kilobytes()
    rows = [("KB of resident memory per client", "idle", "/ Legato")]
    for name, values in kilobytes.items():
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                _show(ratio(kilobytes, name, to=_OURS)),
            )
        )
    yield ""
    yield (
        f"Memory of {results.sizes.idle_clients:,} clients, connected, subscribed, idle"
    )
    yield from _table(rows)


def _storms(results: Results) -> Iterator[str]:
    cpu, seconds = results.storm_cpu_ms(), results.storm_seconds()
    recovered = {storm.system: storm.recovered_each for storm in results.storms}
    rows = [("", "CPU ms per client", "/ Legato", "seconds", "recovered")]
    for name, values in cpu.items():
        each = f"{recovered[name]} each, exactly" if recovered[name] else "nothing"
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                _show(ratio(cpu, name, to="legato+history")),
                Spread.of(seconds[name]).show(),
                each,
            )
        )
    yield ""
    yield (
        f"Storm: {results.sizes.storm_clients:,} clients cut at once, "
        f"{results.sizes.missed} publications missed, all back at once"
    )
    yield from _table(rows)


def _show(spread: Spread | None) -> str:
    return spread.show() if spread else _NONE


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{first:<{widths[0]}}"]
        cells += [
            f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)
        ]
        yield "  " + "   ".join(cells).rstrip()
