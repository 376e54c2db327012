"""The command line: which measures and systems, how much, and where to write."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from legato.bench.bars import judge
from legato.bench.errors import BenchError
from legato.bench.http.load import measure_http
from legato.bench.lineup import PRODUCTS, Lineup
from legato.bench.machine import (
    allow_open_files,
    choose_cores,
    describe_machine,
    pinned,
)
from legato.bench.realtime.fanout import measure_fanout
from legato.bench.realtime.memory import measure_memory
from legato.bench.realtime.storm import measure_storms
from legato.bench.report import raw, render
from legato.bench.results import Results
from legato.bench.sizes import QUICK, Sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from legato.bench.machine import Cores

_MEASURES = ("fanout", "memory", "storm", "http")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 on an error or, with ``--check``, a missed bar."""
    options = _parse(arguments)
    if sys.platform != "linux":
        print("The bench pins processes and reads their clocks: it needs Linux.")
        return 1
    cores = choose_cores()
    results = Results(machine=describe_machine(cores), sizes=_sizes(options))
    try:
        with pinned(cores.clients):
            _measure(results, options, cores)
    except BenchError as error:
        print(f"The bench ended early: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; every server has been ended.", file=sys.stderr)
        return 130
    print(render(results))
    if options.json:
        options.json.write_text(raw(results))
    missed = any(bar.verdict == "MISSED" for bar in judge(results))
    return 1 if options.check and missed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "legato.bench",
        description="Measures Legato side by side with the alternatives.",
    )
    parser.add_argument(
        "--measures",
        nargs="+",
        choices=_MEASURES,
        default=_MEASURES,
        help="these measures alone",
    )
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=PRODUCTS,
        default=PRODUCTS,
        help="these systems alone",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a smoke test: few clients, one round; its figures mean little",
    )
    parser.add_argument("--rounds", type=int, help="rounds that count")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a bar is missed"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the raw figures there"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=_default_cache(),
        metavar="FOLDER",
        help="where the alternatives are built (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "legato-bench"


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else Sizes()
    if options.rounds:
        return replace(
            sizes,
            rounds=options.rounds,
            storm_rounds=options.rounds,
            http_rounds=options.rounds,
            http_crowd_rounds=options.rounds,
        )
    return sizes


def _measure(results: Results, options: argparse.Namespace, cores: Cores) -> None:
    sizes = results.sizes
    lineup = Lineup(options.cache.resolve(), options.systems, results)
    # The crowds of all systems stay connected while one has its turn.
    allow_open_files(5 * max(sizes.subscribers, sizes.storm_clients) + 500)
    for measure in options.measures:
        if measure == "fanout":
            systems = lineup.realtime("fanout")
            results.fanout = measure_fanout(systems, sizes, cores, _say)
        elif measure == "memory":
            systems = lineup.realtime("memory")
            results.memory = measure_memory(systems, sizes, cores, _say)
        elif measure == "storm":
            systems = lineup.realtime("storm")
            results.storms = measure_storms(systems, sizes, cores, _say)
        else:
            results.http, results.footprints = measure_http(
                lineup.http(), sizes, cores, _say
            )


def _say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
