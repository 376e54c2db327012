"""The machine a run happens on: its cores, its limits and its name."""

from __future__ import annotations

import os
import platform
import resource
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from legato.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Cores:
    """One core for the server under test, another for everything else."""

    server: int
    clients: int

    @property
    def shared(self) -> bool:
        return self.server == self.clients


def choose_cores() -> Cores:
    cores = sorted(os.sched_getaffinity(0))
    return Cores(server=cores[0], clients=cores[-1])


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Pins this process, and with it whatever it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_open_files(needed: int) -> None:
    """Raises the limit of open files of this process and of those it starts.

    Raises:
        BenchError: the machine's hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        message = (
            f"{needed} open files are needed and this machine allows {hard}; "
            f"raise the hard limit (ulimit -Hn) or ask for fewer clients"
        )
        raise BenchError(message)
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def describe_machine(cores: Cores) -> str:
    where = (
        f"server and clients both on core {cores.server}"
        if cores.shared
        else f"server on core {cores.server}, clients on core {cores.clients}"
    )
    return (
        f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}\n{where}; "
        f"load of the machine before the run {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()
