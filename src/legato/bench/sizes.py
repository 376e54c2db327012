"""How much a run does: the real one, and the smoke test of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """
    Attributes:
        rounds: Rounds of the fan-out that count; one more before them warms up.
        subscribers: Clients of each system in the fan-out.
        publications: Publications of one paced batch.
        batch_seconds: A paced batch ends sooner once it has taken this long.
        burst: Publications made at once.
        idle_clients: Clients whose memory is measured.
        storm_clients: Clients that come back at once.
        storm_rounds: Storms of each system that count; one more warms up.
        missed: Publications made while they are away.
        http_connections: Clients that ask one server at once.
        http_rounds: Rounds with them that count; one more warms up.
        http_crowds: More clients, to see what becomes of the servers.
        http_crowd_rounds: The same rounds with each of these.
        http_seconds: How long each server is asked for each page in a round.
        patience: Seconds that any one step may take.
        judged: The bars are judged: they are set for the real run.
    """

    # Many short rounds: what else the machine does then falls on all alike.
    rounds: int = 15
    subscribers: int = 1000
    publications: int = 20
    batch_seconds: float = 0.5
    burst: int = 5
    idle_clients: int = 2000
    storm_clients: int = 2000
    storm_rounds: int = 3
    missed: int = 10
    http_connections: int = 16
    http_rounds: int = 5
    http_crowds: tuple[int, ...] = (64, 256)
    http_crowd_rounds: int = 3
    http_seconds: float = 0.7
    patience: float = 60.0
    judged: bool = True


QUICK = Sizes(
    rounds=1,
    subscribers=100,
    publications=10,
    idle_clients=200,
    storm_clients=100,
    storm_rounds=1,
    http_connections=8,
    http_rounds=1,
    http_crowds=(32,),
    http_crowd_rounds=1,
    http_seconds=0.1,
    patience=20.0,
    judged=False,
)
