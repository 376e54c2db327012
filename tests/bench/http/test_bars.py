from __future__ import annotations

from legato.bench.bar import Bar
from legato.bench.bars import judge
from legato.bench.http.load import Footprint, Slice
from legato.bench.report import render
from legato.bench.results import Results
from legato.bench.sizes import Sizes


def slices(
    system: str, cpu_us: list[int], view: str = "plain", kind: str = "sync"
) -> list[Slice]:
    """A round each, in which 1,000 requests a second were answered."""
    return [
        Slice(
            system=system,
            view=view,
            kind=kind,
            connections=16,
            requests=1000,
            cpu_ns=each * 1_000_000,
            wall_ns=1_000_000_000,
            p50_ns=1_000_000,
            p99_ns=2_000_000,
        )
        for each in cpu_us
    ]


def results_of(*measured: list[Slice]) -> Results:
    results = Results(machine="a machine", sizes=Sizes())
    for each in measured:
        results.http += each
        results.titles[each[0].system] = each[0].system
    return results


def bar_of(results: Results, claim: str) -> Bar:
    (bar,) = (bar for bar in judge(results) if bar.claim.startswith(claim))
    return bar


def test_gunicorn_is_represented_by_its_better_setting() -> None:
    results = results_of(
        slices("legato", [200, 200, 200]),
        slices("gunicorn+1", [300, 300, 300]),
        slices("gunicorn+16", [220, 240, 500]),
    )

    bar = bar_of(results, "plain, sync: CPU at most that of the sync view")

    assert (bar.figure, bar.verdict) == (1.2, "PASS")


def test_gunicorn_half_measured_leaves_its_bars_open() -> None:
    results = results_of(slices("legato", [200]), slices("gunicorn+1", [300]))

    bar = bar_of(results, "plain, sync: CPU at most that of the sync view")

    assert bar.verdict == "NOT MEASURED"


def test_async_view_stands_beside_the_sync_view_on_gunicorn() -> None:
    results = results_of(
        slices("legato", [200], kind="async"),
        slices("gunicorn+1", [180]),
        slices("gunicorn+16", [190]),
    )

    bar = bar_of(results, "plain, async: CPU at most that of the sync view")

    assert (bar.figure, bar.verdict) == (0.9, "MISSED")


def test_views_that_query_have_a_lower_bound_against_django() -> None:
    measured = [
        slices(system, [cpu], view, "async")
        for view in ("plain", "orm")
        for system, cpu in (("legato", 100), ("django", 500))
    ]
    results = results_of(*measured)

    plain = bar_of(results, "plain, async: CPU at least 6 times less")
    orm = bar_of(results, "orm, async: CPU at least 3 times less")

    assert (plain.figure, plain.verdict) == (5.0, "MISSED")
    assert (orm.figure, orm.verdict) == (5.0, "PASS")


def test_report_gives_rates_ratios_and_footprints() -> None:
    results = results_of(slices("legato", [200]), slices("django", [900]))
    results.footprints = [Footprint("legato", 16, 60_000_000, 50_000_000, 5)]

    report = [" ".join(line.split()) for line in render(results).splitlines()]

    assert "django 1,000 1.00 900 4.50 1.0 2.0" in report
    assert "legato 60 (50), 5" in report
