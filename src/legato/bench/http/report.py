"""What a run prints about ordinary requests."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from legato.bench.figures import Spread
from legato.bench.http.pages import PAGES
from legato.bench.http.series import slices_of
from legato.bench.results import ratio
from legato.bench.tables import show, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legato.bench.http.pages import Page
    from legato.bench.results import Results

_OURS = "legato"


def report_http(results: Results) -> Iterator[str]:
    sizes = results.sizes
    yield ""
    yield (
        f"Ordinary requests, {sizes.http_connections} connections kept alive, one "
        f"process on one core, rounds: {sizes.http_rounds} of {sizes.http_seconds} s"
    )
    yield "  CPU: µs of the server for a request; p50, p99: ms until its answer"
    for page in PAGES:
        yield from _report_page(results, page, sizes.http_connections)
    for connections in sizes.http_crowds:
        yield ""
        yield f"The same, {connections} connections, rounds: {sizes.http_crowd_rounds}"
        for page in PAGES:
            yield from _report_page(results, page, connections)


def _report_page(results: Results, page: Page, connections: int) -> Iterator[str]:
    found = slices_of(results.http, page, connections)
    if not found:
        return
    rate = {name: [each.rate for each in rounds] for name, rounds in found.items()}
    cpu = {name: [each.cpu_us for each in rounds] for name, rounds in found.items()}
    rows = [
        (f"{page}", "requests/s", "Legato / it", "CPU", "it / Legato", "p50", "p99")
    ]
    for name, rounds in found.items():
        rows.append(
            (
                f"  {results.titles[name]}",
                Spread.of(rate[name]).show(),
                show(ratio(rate, _OURS, to=name)),
                Spread.of(cpu[name]).show(),
                show(ratio(cpu, name, to=_OURS)),
                f"{median(each.p50_ms for each in rounds):.1f}",
                f"{median(each.p99_ms for each in rounds):.1f}",
            )
        )
    yield from table(rows)


def report_footprints(results: Results) -> Iterator[str]:
    yield ""
    yield "After having served so many connections at once: resident MB (proportional"
    yield "share), threads; of the process that serves, without its master"
    connections = dict.fromkeys(each.connections for each in results.footprints)
    rows = [("", *map(str, connections))]
    for name in dict.fromkeys(each.system for each in results.footprints):
        cells = [
            f"{each.resident_bytes / 1e6:.0f} ({each.proportional_bytes / 1e6:.0f}), "
            f"{each.threads}"
            for each in results.footprints
            if each.system == name
        ]
        rows.append((results.titles[name], *cells))
    yield from table(rows)
