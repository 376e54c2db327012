from __future__ import annotations

from dataclasses import replace

import pytest

from legato.bench.bar import Bar
from legato.bench.bars import judge
from legato.bench.figures import Spread
from legato.bench.realtime.fanout import Batch
from legato.bench.realtime.memory import Idle
from legato.bench.report import raw, render
from legato.bench.results import Results
from legato.bench.sizes import QUICK, Sizes


def batch(system: str, cpu_us: float, mode: str = "paced") -> Batch:
    return Batch(system, mode, 1000, int(cpu_us * 1e6), 0)


def results_of(**cpu_us: list[float]) -> Results:
    results = Results(machine="a machine", sizes=Sizes())
    for system, values in cpu_us.items():
        results.titles[system] = system
        for value in values:
            results.fanout += [batch(system, value), batch(system, value, "burst")]
    return results


@pytest.mark.parametrize(
    ("figure", "least", "verdict"),
    [
        (1.35, False, "PASS"),
        (1.36, False, "MISSED"),
        (1.35, True, "PASS"),
        (1.34, True, "MISSED"),
        (None, False, "NOT MEASURED"),
    ],
)
def test_bar_is_met_up_to_its_bound(
    figure: float | None, least: bool, verdict: str
) -> None:
    assert Bar("a claim", figure, 1.35, least).verdict == verdict


def test_ratio_is_taken_round_by_round() -> None:
    spread = Spread.of_ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0])

    assert spread == Spread(median=2.0, low=1.0, high=3.0)


def test_alternative_that_did_not_run_leaves_its_bar_open() -> None:
    results = results_of(legato=[5.0, 6.0], floor=[4.0, 5.0])

    verdicts = [bar.verdict for bar in judge(results)]

    assert verdicts == ["PASS", "NOT MEASURED", "NOT MEASURED"]


def test_memory_is_judged_in_thousands_of_bytes() -> None:
    results = Results(machine="a machine", sizes=Sizes())
    results.memory = [Idle("legato", 10, before_bytes=0, after_bytes=200_010)]

    (bar,) = judge(results)

    assert (bar.figure, bar.verdict) == (20.001, "MISSED")


def test_quick_run_judges_no_bar() -> None:
    results = replace(results_of(legato=[9.0], floor=[1.0]), sizes=QUICK)

    assert judge(results) == []


def test_report_names_what_was_skipped_and_why() -> None:
    results = results_of(legato=[5.0])
    results.skipped["floor"] = "no C compiler here"

    report = render(results)

    assert "Skipped floor: no C compiler here." in report
    assert '"verdict": "NOT MEASURED"' in raw(results)
