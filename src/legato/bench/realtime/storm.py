"""What a return costs: everyone lost at once comes back at once and recovers.

The clients hold a position, are all cut without a closing handshake, and miss some
publications. The clock runs from the first of them that connects again to the last
that has received everything it missed, or, where a system recovers nothing, that is
subscribed again. A publication afterwards proves that all are live, and then each
must have heard every number exactly once.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.errors import BenchError
from legato.bench.realtime.contender import running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from legato.bench.machine import Cores
    from legato.bench.realtime.contender import Contender
    from legato.bench.realtime.conversation import Conversation
    from legato.bench.realtime.systems.base import System
    from legato.bench.sizes import Sizes


@dataclass(frozen=True)
class Return:
    """One storm of one system."""

    system: str
    clients: int
    recovered_each: int
    cpu_ns: int
    wall_ns: int

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the server's CPU for each client."""
        return self.cpu_ns / self.clients / 1e6

    @property
    def wall_seconds(self) -> float:
        return self.wall_ns / 1e9


def measure_storms(
    systems: Sequence[System], sizes: Sizes, cores: Cores, say: Callable[[str], None]
) -> list[Return]:
    returns: list[Return] = []
    with ExitStack() as stack:
        contenders: list[Contender] = []
        for system in systems:
            say(f"storm: {sizes.storm_clients} clients join {system.name}")
            contender = stack.enter_context(running(system, cores, attentive=True))
            with contender.server.explained():
                contender.join(sizes.storm_clients, sizes.patience)
            contenders.append(contender)
        published = 0
        for number in range(sizes.storm_rounds + 1):
            say(f"storm: round {number} of {sizes.storm_rounds}")
            for contender in contenders:
                for each in contenders:
                    each.serve_crowd()
                with contender.server.explained():
                    outcome = _raise_storm(contender, published, sizes)
                if number:
                    returns.append(outcome)
            published += sizes.missed + 2
    return returns


def _raise_storm(contender: Contender, published: int, sizes: Sizes) -> Return:
    """One publication to hold a position by, the missed ones, and one to prove it."""
    missed = sizes.missed if contender.system.recovers else 0
    proof = published + 1 + sizes.missed + 1
    lost = _lose_everyone(contender, published + 1, sizes)
    returning = [conversation.resume() for conversation in lost]
    outcome = _time_return(contender, returning, missed, sizes)
    contender.publish(1)
    contender.crowd.attend(returning, _has_heard(proof), sizes.patience)
    _check_exactness(returning, [*range(proof - missed, proof + 1)])
    return outcome


def _lose_everyone(
    contender: Contender, position: int, sizes: Sizes
) -> list[Conversation]:
    crowd, server = contender.crowd, contender.server
    contender.publish(1)
    crowd.attend(crowd.conversations, _has_heard(position), sizes.patience)
    lost = crowd.conversations
    crowd.cut()
    server.wait_until_quiet()
    contender.publish(sizes.missed)
    server.wait_until_quiet()
    return lost


def _time_return(
    contender: Contender, returning: Sequence[Conversation], missed: int, sizes: Sizes
) -> Return:
    crowd, server = contender.crowd, contender.server
    cpu, wall = server.cpu_ns(), time.monotonic_ns()
    crowd.start(returning)
    crowd.attend(
        returning,
        lambda each: each.joined and len(each.heard) >= missed,
        sizes.patience,
    )
    return Return(
        system=contender.system.name,
        clients=len(returning),
        recovered_each=missed,
        cpu_ns=server.cpu_ns() - cpu,
        wall_ns=time.monotonic_ns() - wall,
    )


def _has_heard(number: int) -> Callable[[Conversation], bool]:
    return lambda each: each.heard[-1:] == [number]


def _check_exactness(returned: Sequence[Conversation], expected: list[int]) -> None:
    """
    Raises:
        BenchError: a client missed a publication or heard one twice.
    """
    wrong = [each.heard for each in returned if each.heard != expected]
    if wrong:
        message = (
            f"{len(wrong)} of {len(returned)} clients heard something else than "
            f"{expected}, for instance {wrong[0]}"
        )
        raise BenchError(message)
