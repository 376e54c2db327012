"""A system that runs: its server on one core, its crowd on the other."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.realtime.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legato.bench.machine import Cores
    from legato.bench.realtime.process import ServerProcess
    from legato.bench.realtime.systems.base import System


@dataclass(frozen=True)
class Contender:
    system: System
    server: ServerProcess
    crowd: Crowd

    def join(self, clients: int, timeout: float) -> None:
        conversations = [self.system.converse() for _ in range(clients)]
        self.crowd.join(conversations, timeout)

    def serve_crowd(self) -> None:
        """Answers what came while others had their turn: pings."""
        with self.server.explained():
            self.crowd.serve()

    def publish(self, count: int) -> None:
        self.server.publish(self.system.channel, count)


@contextmanager
def running(
    system: System, cores: Cores, *, attentive: bool = False
) -> Iterator[Contender]:
    """Starts the system and ends it, whatever happens in between."""
    with (
        system.serve(cores.server) as server,
        # On a core of its own it may look without a pause.
        Crowd(server.port, attentive=attentive, sleepless=not cores.shared) as crowd,
    ):
        yield Contender(system, server, crowd)
