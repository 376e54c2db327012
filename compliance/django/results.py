"""What became of Django's tests, each mode in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asgiref
import django

from compliance.django.labels import label_of, labels_in
from compliance.django.source import CACHE, ROOT, django_tests

__all__ = ["Outcome", "Run", "run", "run_stock"]

TIMEOUT = 600.0
"""Seconds for all labels; they take about forty on a machine that is not busy."""


@dataclass(frozen=True)
class Outcome:
    """What became of one test.

    Attributes:
        outcome: "passed", "skipped", "expected failure", or what went wrong.
        reason: The traceback, or why it was skipped.
        requests: How many it sent through handlers.
    """

    test: str
    outcome: str
    reason: str
    seconds: float
    requests: int

    @property
    def is_good(self) -> bool:
        return self.outcome in ("passed", "expected failure")


@dataclass(frozen=True)
class Run:
    """One run of all labels.

    Attributes:
        requests: How many there were, as in ``"ClientHandler.get_response"``.
        complaints: What was logged or printed and failed no test.
    """

    outcomes: dict[str, Outcome]
    requests: Counter[str]
    complaints: list[str]

    def by_label(self) -> Iterator[tuple[str, list[Outcome]]]:
        found: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes.values():
            if label := label_of(outcome.test):
                found.setdefault(label, []).append(outcome)
        yield from sorted(found.items())


def run(mode: str) -> Run:
    """Run all labels.

    Args:
        mode: A function of ``stock`` or ``ours``, as in ``ours.as_chosen``.

    Raises:
        RuntimeError: they did not run to the end; the message is what was printed.
    """
    with tempfile.TemporaryDirectory(prefix="legato-") as folder:
        output = Path(folder, "results")
        carry_out(mode, output)
        return read(output)


def run_stock(mode: str) -> Run:
    """The same for Django alone, remembered as long as nothing changes."""
    tests = django_tests()
    parts = [mode, sys.version, asgiref.__version__, *labels_in(tests)]
    parts += [file.read_text() for file in sorted(Path(__file__).parent.glob("*.py"))]
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    kept = CACHE / django.__version__ / f"{mode}-{name}.jsonl"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            output = Path(folder, "results")
            carry_out(mode, output)
            output.rename(kept)
    return read(kept)


def carry_out(mode: str, output: Path) -> None:
    tests = django_tests()
    command = [sys.executable, "-m", "compliance.django.runner"]
    command += [mode, str(output), str(tests), *labels_in(tests)]
    # As they run in Django's own CI: not in development mode, without our settings.
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DJANGO", "PYTEST"))
    }
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{mode} ended with {done.returncode}:\n{done.stdout}")


def read(output: Path) -> Run:
    lines: list[dict[str, Any]] = list(map(json.loads, output.read_text().splitlines()))
    last = lines.pop()
    outcomes: dict[str, Outcome] = {}
    for line in lines:
        outcome = Outcome(**line)
        # What fails around a test comes after it, and counts.
        if outcome.test not in outcomes or outcomes[outcome.test].is_good:
            outcomes[outcome.test] = outcome
    return Run(outcomes, Counter(last["requests"]), last["complaints"])
