"""Bring this checkout to where a make target can run: python3 scripts/bootstrap.py dev.

Targets: ``app`` (Legato itself), ``browser`` (frontdesk's bundle), ``dev`` (tools and
every extra), ``compliance`` (Node packages of the compliance tests), ``services``
(Redis, PostgreSQL, Chromium), ``bench``, ``second`` (.venv-3.13). What is up to date
is skipped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import node_env
import python_env
from services import services
from steps import ROOT, alone, plain_errors


def app() -> None:
    python_env.create()
    python_env.install("app", "Install Legato into .venv")


def dev() -> None:
    python_env.create()
    title = "Install Legato with every extra, test and lint tools into .venv"
    python_env.install("dev", title, extras="[all]", groups=("dev",))


def browser() -> None:
    python_env.create()
    node_env.ensure_node()
    node_env.bundle()


def compliance() -> None:
    python_env.create()
    node_env.ensure_node()
    node_env.packages(ROOT / "compliance/node")


def bench() -> None:
    python_env.create()
    python_env.install("bench", "Install what the benchmarks compare", "[bench]")
    node_env.ensure_node()


def second() -> None:
    python_env.create()
    if interpreter := python_env.find_python313():
        python_env.create_second(interpreter)


TARGETS: dict[str, Callable[[], None]] = {
    target.__name__: target
    for target in (app, dev, browser, compliance, services, bench, second)
}


def bootstrap(names: Sequence[str]) -> None:
    """Run targets in order, and say at the end how long it took."""
    started = time.monotonic()
    print(f"Preparing: {', '.join(names)}", flush=True)
    with alone():
        for name in names:
            TARGETS[name]()
    print(f"  ready after {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    if not sys.argv[1:] or not set(sys.argv[1:]) <= TARGETS.keys():
        raise SystemExit(__doc__)
    with plain_errors():
        bootstrap(sys.argv[1:])
