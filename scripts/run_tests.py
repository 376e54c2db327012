"""make test: the suite in .venv, then tests/ and Django's own in .venv-3.13.

Arguments go to pytest: ``make test ARGS="tests/test_layers.py -k arrow"``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bootstrap import bootstrap
from python_env import SECOND
from steps import ROOT, VENV, environment, plain_errors

INTERRUPTED = 130
NOTHING_COLLECTED = 5
VERSIONS = (
    "import platform, django;"
    "print(f'Python {platform.python_version()}, Django {django.__version__}')"
)
SKIPPED = (
    "Python 3.13, Django 6.1: skipped, because no working python3.13 is in PATH "
    "or ~/.pyenv/versions"
)


def pytest(venv: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """Run pytest in ``venv``; its exit code and a line for the closing summary."""
    env = environment()
    env |= {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1"}
    env["PATH"] = f"{venv / 'bin'}{os.pathsep}{env['PATH']}"
    python = str(venv / "bin/python")
    versions = subprocess.run(
        [python, "-c", VERSIONS], capture_output=True, text=True, check=True
    ).stdout.strip()
    print(f"\n{versions}: pytest {' '.join(arguments)}", flush=True)
    started = time.monotonic()
    suite = subprocess.Popen([python, "-m", "pytest", *arguments], cwd=ROOT, env=env)
    try:
        code = suite.wait()
    except KeyboardInterrupt:
        # pytest got the same signal and is printing its own summary.
        suite.wait()
        code = INTERRUPTED
    took = time.monotonic() - started
    verdict = "passed" if code == 0 else f"FAILED (exit code {code})"
    return code, f"{versions}: {verdict} in {took:.0f} s"


def main(arguments: list[str]) -> int:
    bootstrap(["dev", "browser", "compliance", "services", "second"])
    codes, lines = [], []
    code, line = pytest(VENV, arguments)
    codes.append(code)
    lines.append(line)
    if not (SECOND / "bin/python").is_file():
        lines.append(SKIPPED)
    elif code != INTERRUPTED:
        # What Chromium sees does not depend on the Django version: once is enough.
        named = any(Path(ROOT, part.split("::")[0]).exists() for part in arguments)
        where = [] if named else ["tests", "compliance/django"]
        code, line = pytest(SECOND, [*where, "-m", "not browser", *arguments])
        codes.append(0 if arguments and code == NOTHING_COLLECTED else code)
        lines.append(line)
    print("\n" + "\n".join(lines), flush=True)
    return max(codes, key=abs)


if __name__ == "__main__":
    with plain_errors():
        raise SystemExit(main(sys.argv[1:]))
