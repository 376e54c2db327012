"""The bench as a whole, small: every measure of Legato runs and counts right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.runs import needs_linux, run_bench

pytestmark = [needs_linux, pytest.mark.timeout(60)]


def test_quick_run_measures_fanout_memory_and_storms(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = run_bench(
        tmp_path,
        *("--quick", "--measures", "fanout", "memory", "storm"),
        *("--systems", "legato", "floor", "--json", str(figures)),
    )

    assert done.returncode == 0, done.stderr
    assert "no bar is judged" in done.stdout
    results = json.loads(figures.read_text())
    assert {batch["mode"] for batch in results["fanout"]} == {"paced", "burst"}
    assert [idle["clients"] for idle in results["memory"]] == [200]
    assert [storm["recovered_each"] for storm in results["storms"]] == [10]


def test_unknown_measure_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run_bench(tmp_path, "--measures", "speed")

    assert done.returncode == 2
    assert "'fanout', 'memory', 'storm', 'http'" in done.stderr
