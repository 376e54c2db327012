"""What a run prints about live channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from legato.bench.figures import Spread
from legato.bench.realtime.conversation import TEXT_SIZE
from legato.bench.results import ratio
from legato.bench.tables import show, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legato.bench.results import Results

_OURS = "legato"


def report_fanout(results: Results) -> Iterator[str]:
    sizes = results.sizes
    paced, burst = results.cpu_us("paced"), results.cpu_us("burst")
    rows = [("µs of CPU per delivery", "paced", "/ floor", "/ Legato", "burst")]
    for name, values in paced.items():
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                show(ratio(paced, name, to="floor")),
                show(ratio(paced, name, to=_OURS)),
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
    yield from table(rows)


def report_memory(results: Results) -> Iterator[str]:
    kilobytes = results.idle_kilobytes()
    rows = [("KB of resident memory per client", "idle", "/ Legato")]
    for name, values in kilobytes.items():
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                show(ratio(kilobytes, name, to=_OURS)),
            )
        )
    yield ""
    yield (
        f"Memory of {results.sizes.idle_clients:,} clients, connected, subscribed, idle"
    )
    yield from table(rows)


def report_storms(results: Results) -> Iterator[str]:
    cpu, seconds = results.storm_cpu_ms(), results.storm_seconds()
    recovered = {storm.system: storm.recovered_each for storm in results.storms}
    rows = [("", "CPU ms per client", "/ Legato", "seconds", "recovered")]
    for name, values in cpu.items():
        each = f"{recovered[name]} each, exactly" if recovered[name] else "nothing"
        rows.append(
            (
                results.titles[name],
                Spread.of(values).show(),
                show(ratio(cpu, name, to="legato+history")),
                Spread.of(seconds[name]).show(),
                each,
            )
        )
    yield ""
    yield (
        f"Storm: {results.sizes.storm_clients:,} clients cut at once, "
        f"{results.sizes.missed} publications missed, all back at once"
    )
    yield from table(rows)
