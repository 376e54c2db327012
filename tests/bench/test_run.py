"""The bench as a whole, small: every measure of Legato runs and counts right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the bench needs Linux"),
    pytest.mark.timeout(60),
]


def run_bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "legato.bench", "--cache", str(folder)]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False
    )


def test_quick_run_measures_fanout_memory_and_storms(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    systems = ("--systems", "legato", "floor")
    done = run_bench(tmp_path, "--quick", *systems, "--json", str(figures))

    assert done.returncode == 0, done.stderr
    assert "no bar is judged" in done.stdout
    results = json.loads(figures.read_text())
    assert {batch["mode"] for batch in results["fanout"]} == {"paced", "burst"}
    assert [idle["clients"] for idle in results["memory"]] == [200]
    assert [storm["recovered_each"] for storm in results["storms"]] == [10]


def test_unknown_measure_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run_bench(tmp_path, "--measures", "speed")

    assert done.returncode == 2
    assert "'fanout', 'memory', 'storm'" in done.stderr
