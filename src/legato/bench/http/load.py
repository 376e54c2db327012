"""What one request costs: requests a second, CPU and latency of a server kept busy.

The servers take turns, a short slice each, so that what else the machine does falls
on all alike; those that rest keep running. A round is one slice of every server with
every page.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import TYPE_CHECKING

from legato.bench.http.clients import Clients
from legato.bench.http.pages import PAGES, prepared_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from legato.bench.http.pages import Page, Site
    from legato.bench.http.server import HttpServer
    from legato.bench.http.systems import HttpSystem
    from legato.bench.machine import Cores
    from legato.bench.sizes import Sizes

# The page of the crowds: with the others, the page itself decides.
_CROWDED = "plain"


@dataclass(frozen=True)
class Slice:
    """A short time in which one server answered one page."""

    system: str
    view: str
    kind: str
    connections: int
    requests: int
    cpu_ns: int
    wall_ns: int
    p50_ns: int
    p99_ns: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.wall_ns * 1e9

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's CPU for each request."""
        return self.cpu_ns / self.requests / 1000

    @property
    def p50_ms(self) -> float:
        return self.p50_ns / 1e6

    @property
    def p99_ms(self) -> float:
        return self.p99_ns / 1e6


@dataclass(frozen=True)
class Footprint:
    """What the process that serves occupies after having served so many at once."""

    system: str
    connections: int
    resident_bytes: int
    proportional_bytes: int
    threads: int


@dataclass(frozen=True)
class Host:
    """A system that runs."""

    system: HttpSystem
    server: HttpServer


@dataclass(frozen=True)
class Contest:
    """All that run, and what each measurement needs."""

    site: Site
    hosts: Sequence[Host]
    sleepless: bool
    patience: float

    def play_round(
        self, pages: Iterable[Page], connections: int, seconds: float
    ) -> list[Slice]:
        return [
            self._play(host, page, connections, seconds)
            for page in pages
            for host in self.hosts
            if page.kind in host.system.kinds
        ]

    def weigh(self, connections: int) -> list[Footprint]:
        return [
            Footprint(
                system=host.system.name,
                connections=connections,
                resident_bytes=host.server.resident_bytes(),
                proportional_bytes=host.server.proportional_bytes(),
                threads=host.server.threads(),
            )
            for host in self.hosts
        ]

    def _play(self, host: Host, page: Page, connections: int, seconds: float) -> Slice:
        exchange, server = self.site.exchanges[page], host.server
        with (
            server.explained(),
            Clients(server.port, connections, sleepless=self.sleepless) as clients,
        ):
            # Not counted: connections are accepted, threads started, caches warmed.
            clients.ask(exchange, 0, self.patience)
            cpu, wall = server.cpu_ns(), time.monotonic_ns()
            times = clients.ask(exchange, seconds, self.patience)
            wall_ns, cpu_ns = time.monotonic_ns() - wall, server.cpu_ns() - cpu
        hundredths = quantiles(times, n=100, method="inclusive")
        return Slice(
            system=host.system.name,
            view=page.view,
            kind=page.kind,
            connections=connections,
            requests=len(times),
            cpu_ns=cpu_ns,
            wall_ns=wall_ns,
            p50_ns=int(hundredths[49]),
            p99_ns=int(hundredths[98]),
        )


def measure_http(
    systems: Sequence[HttpSystem],
    sizes: Sizes,
    cores: Cores,
    say: Callable[[str], None],
) -> tuple[list[Slice], list[Footprint]]:
    """The slices of all rounds, and what each server had grown to."""
    slices: list[Slice] = []
    with ExitStack() as stack:
        site = stack.enter_context(prepared_site())
        hosts = []
        for system in systems:
            say(f"http: {system.name} starts")
            server = stack.enter_context(system.serve(site, cores.server))
            hosts.append(Host(system, server))
        # On a core of their own the clients may look without a pause.
        contest = Contest(site, hosts, not cores.shared, sizes.patience)
        slices += _play_rounds(contest, PAGES, sizes.http_connections, sizes, say)
        footprints = contest.weigh(sizes.http_connections)
        crowded = [page for page in PAGES if page.view == _CROWDED]
        fewer = replace(sizes, http_rounds=sizes.http_crowd_rounds)
        for connections in sizes.http_crowds:
            slices += _play_rounds(contest, crowded, connections, fewer, say)
            footprints += contest.weigh(connections)
    return slices, footprints


def _play_rounds(
    contest: Contest,
    pages: Sequence[Page],
    connections: int,
    sizes: Sizes,
    say: Callable[[str], None],
) -> list[Slice]:
    say(f"http: {connections} connections, warming up")
    contest.play_round(pages, connections, sizes.http_seconds / 4)
    slices = []
    for number in range(1, sizes.http_rounds + 1):
        say(f"http: {connections} connections, round {number} of {sizes.http_rounds}")
        slices += contest.play_round(pages, connections, sizes.http_seconds)
    return slices
