"""What an idle client costs: resident memory, connected and subscribed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.realtime.contender import running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from legato.bench.machine import Cores
    from legato.bench.realtime.systems.base import System
    from legato.bench.sizes import Sizes

# These come first and are not counted: they take what is loaded with the first
# connection, and the free memory that a start leaves behind, which would make those
# after them look smaller than they are.
_FIRST_CLIENTS = 500


@dataclass(frozen=True)
class Idle:
    """Resident memory of a server before and after its clients came."""

    system: str
    clients: int
    before_bytes: int
    after_bytes: int

    @property
    def kilobytes_per_client(self) -> float:
        """In units of 1,000 bytes."""
        return (self.after_bytes - self.before_bytes) / self.clients / 1000


def measure_memory(
    systems: Sequence[System], sizes: Sizes, cores: Cores, say: Callable[[str], None]
) -> list[Idle]:
    measured = []
    for system in systems:
        say(f"memory: {sizes.idle_clients} idle clients of {system.name}")
        measured.append(_measure(system, sizes, cores))
    return measured


def _measure(system: System, sizes: Sizes, cores: Cores) -> Idle:
    with running(system, cores) as contender, contender.server.explained():
        server = contender.server
        contender.join(_FIRST_CLIENTS, sizes.patience)
        # One publication each: what a first delivery allocates belongs to no client.
        contender.publish(1)
        contender.crowd.count(_FIRST_CLIENTS, sizes.patience)
        server.settle()
        before = server.resident_bytes()
        contender.join(sizes.idle_clients, sizes.patience)
        server.settle()
        return Idle(
            system=system.name,
            clients=sizes.idle_clients,
            before_bytes=before,
            after_bytes=server.resident_bytes(),
        )
