"""The HTTP measure as a whole, small: real servers answer every page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from legato.bench.http.load import measure_http
from legato.bench.http.pages import PAGES, VIEWS
from legato.bench.http.systems import build_django, build_gunicorn
from legato.bench.machine import choose_cores
from legato.bench.sizes import Sizes
from tests.bench.runs import needs_linux, run_bench

pytestmark = [needs_linux, pytest.mark.timeout(60)]

SMALL = Sizes(
    http_connections=2,
    http_rounds=1,
    http_crowds=(4,),
    http_crowd_rounds=1,
    http_seconds=0.02,
    patience=20.0,
)


def test_quick_run_asks_legato_for_every_page(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = run_bench(
        tmp_path,
        *("--quick", "--measures", "http", "--systems", "legato"),
        *("--json", str(figures)),
    )

    assert done.returncode == 0, done.stderr
    assert "no bar is judged" in done.stdout
    asked = [
        (each["view"], each["kind"], each["connections"])
        for each in json.loads(figures.read_text())["http"]
    ]
    crowded = [("plain", kind, 32) for kind in ("sync", "async")]
    assert asked == [*((page.view, page.kind, 8) for page in PAGES), *crowded]


def test_servers_take_turns_with_the_pages_they_serve() -> None:
    systems = [build_django(), build_gunicorn(16)]
    said: list[str] = []
    slices, footprints = measure_http(systems, SMALL, choose_cores(), said.append)

    asked = [(each.view, each.kind, each.system) for each in slices[:-3]]
    assert asked == [
        turn
        for view in VIEWS
        for turn in (
            (view, "sync", "django"),
            (view, "sync", "gunicorn+16"),
            (view, "async", "django"),
        )
    ]
    for each in slices:
        assert each.requests >= each.connections
        assert each.cpu_ns > 0
        assert 0 < each.p50_ns <= each.p99_ns <= each.wall_ns
    assert said[-1] == "http: 4 connections, round 1 of 1"

    for footprint in footprints:
        assert footprint.threads > 1  # a master has one
        assert 0 < footprint.proportional_bytes <= footprint.resident_bytes
