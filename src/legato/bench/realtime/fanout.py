"""What one delivery costs: a publication to a thousand subscribers.

Paced: a publication is made once every subscriber has received the one before, so
that no system can put two into one write. Burst: several at once, where it may.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.realtime.contender import running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from legato.bench.machine import Cores
    from legato.bench.realtime.contender import Contender
    from legato.bench.realtime.systems.base import System
    from legato.bench.sizes import Sizes


@dataclass(frozen=True)
class Batch:
    """Some publications of one system, received by all its subscribers."""

    system: str
    mode: str
    deliveries: int
    cpu_ns: int
    wall_ns: int

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's CPU for each delivery."""
        return self.cpu_ns / self.deliveries / 1000


def measure_fanout(
    systems: Sequence[System], sizes: Sizes, cores: Cores, say: Callable[[str], None]
) -> list[Batch]:
    """The batches of all rounds, the systems in turn within each."""
    batches: list[Batch] = []
    with ExitStack() as stack:
        contenders: list[Contender] = []
        for system in systems:
            say(f"fan-out: {sizes.subscribers} clients join {system.name}")
            contender = stack.enter_context(running(system, cores))
            with contender.server.explained():
                contender.join(sizes.subscribers, sizes.patience)
            contenders.append(contender)
        for number in range(sizes.rounds + 1):
            say(f"fan-out: {_name_of(number, sizes.rounds)}")
            round_batches = _play_round(contenders, sizes)
            if number:
                batches += round_batches
    return batches


def _name_of(number: int, rounds: int) -> str:
    return f"round {number} of {rounds}" if number else "warming up"


def _play_round(contenders: Sequence[Contender], sizes: Sizes) -> list[Batch]:
    batches = []
    for contender in contenders:
        for each in contenders:
            each.serve_crowd()
        with contender.server.explained():
            # Not counted: it brings back what the others drove out of the caches.
            contender.publish(1)
            contender.crowd.count(len(contender.crowd), sizes.patience)
            batches.append(_play(contender, "paced", sizes))
            batches.append(_play(contender, "burst", sizes))
            contender.crowd.check_equal_shares()
    return batches


def _play(contender: Contender, mode: str, sizes: Sizes) -> Batch:
    publish = _publish_paced if mode == "paced" else _publish_burst
    cpu, wall = contender.server.cpu_ns(), time.monotonic_ns()
    publications = publish(contender, sizes)
    return Batch(
        system=contender.system.name,
        mode=mode,
        deliveries=publications * len(contender.crowd),
        cpu_ns=contender.server.cpu_ns() - cpu,
        wall_ns=time.monotonic_ns() - wall,
    )


def _publish_paced(contender: Contender, sizes: Sizes) -> int:
    end = time.monotonic() + sizes.batch_seconds
    for number in range(1, sizes.publications + 1):
        contender.publish(1)
        contender.crowd.count(len(contender.crowd), sizes.patience)
        if time.monotonic() > end:
            return number
    return sizes.publications


def _publish_burst(contender: Contender, sizes: Sizes) -> int:
    contender.publish(sizes.burst)
    contender.crowd.count(sizes.burst * len(contender.crowd), sizes.patience)
    return sizes.burst
