"""make check: lint, format, types and migrations. All is reported before it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bootstrap import bootstrap
from steps import ROOT, environment, plain_errors

FRONTDESK = ROOT / "examples/frontdesk"


@dataclass(frozen=True)
class Check:
    title: str
    command: list[str]
    cwd: Path = ROOT


@dataclass(frozen=True)
class Outcome:
    check: Check
    code: int
    output: str
    took: float


def checks() -> Iterator[Check]:
    """The checks for what this checkout holds, the slowest first."""
    folders = ("src", "tests", "compliance", "bench", "scripts", "noxfile.py")
    typed = [name for name in folders if holds_python(ROOT / name)]
    yield Check(f"mypy --strict {' '.join(typed)}", ["mypy", *typed])
    if (FRONTDESK / "manage.py").is_file():
        # A project of its own: the Django plugin reads its settings, not the tests'.
        config = str(ROOT / "scripts/mypy-frontdesk.ini")
        cache = str(ROOT / ".mypy_cache/frontdesk")
        mypy = ["mypy", "--config-file", config, "--cache-dir", cache, "."]
        yield Check("mypy examples/frontdesk", mypy, FRONTDESK)
        command = ["python", "manage.py", "makemigrations", "--check", "--dry-run"]
        yield Check("makemigrations --check in examples/frontdesk", command, FRONTDESK)
    yield Check("ruff check", ["ruff", "check", "."])
    yield Check("ruff format --check", ["ruff", "format", "--check", "."])


def holds_python(path: Path) -> bool:
    found = [path] if path.is_file() else path.rglob("*.py")
    return any("node_modules" not in file.parts for file in found)


def carry_out(check: Check) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=check.cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    took = time.monotonic() - started
    return Outcome(check, done.returncode, done.stdout, took)


def main() -> int:
    bootstrap(["dev"])
    failed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for outcome in pool.map(carry_out, checks()):
            verdict = "ok" if outcome.code == 0 else "FAILED"
            print(f"  {outcome.check.title}: {verdict}, {outcome.took:.1f} s")
            if outcome.code != 0:
                failed += 1
                print(outcome.output)
            sys.stdout.flush()
    print(f"{failed} of the checks failed" if failed else "All checks passed")
    return min(failed, 1)


if __name__ == "__main__":
    with plain_errors():
        raise SystemExit(main())
