"""The floor: a loop of send() in C, which no server can go below."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from legato.bench.errors import UnavailableError
from legato.bench.realtime.systems.base import System

if TYPE_CHECKING:
    from legato.bench.realtime.systems.base import Workshop

_SOURCE = Path(__file__).parents[1] / "servers" / "floor.c"
_COMPILERS = ("cc", "gcc", "clang")


class FloorConversation:
    """Nothing to say: it is served once it has been welcomed."""

    path = None

    def __init__(self) -> None:
        self.joined = False
        self.heard: list[int] = []

    def open(self) -> str | None:
        return None

    def hear(self, message: str) -> str | None:
        self.joined = message == "ok"
        return None

    def resume(self) -> Self:
        return type(self)()


def build_floor(workshop: Workshop) -> System:
    """
    Raises:
        UnavailableError: there is no C compiler, or it fails.
    """
    return System(
        name="floor",
        title="bare send() loop in C",
        channel="bench",
        command=[str(_compile(workshop))],
        converse=FloorConversation,
    )


def _compile(workshop: Workshop) -> Path:
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        message = f"no C compiler here ({', '.join(_COMPILERS)}), so no floor"
        raise UnavailableError(message)
    version = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    program = workshop.folder("floor") / f"floor-{version}"
    if program.exists():
        return program
    built = subprocess.run(
        [compiler, "-O2", "-o", program, _SOURCE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if built.returncode:
        message = f"{compiler} could not build the floor: {built.stderr.strip()}"
        raise UnavailableError(message)
    return program
