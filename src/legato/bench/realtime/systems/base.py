"""The one face that every system under test has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from legato.bench.realtime.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from legato.bench.realtime.conversation import Conversation


@dataclass(frozen=True)
class System:
    """A system under test: how to start its server and how a client speaks to it.

    Attributes:
        name: The word by which options and raw figures know it.
        title: What the report calls it, with versions.
        channel: What the server is told to publish into.
        command: The command line of the server.
        converse: Makes the conversation of one more client.
        recovers: A client that comes back is sent what it missed.
    """

    name: str
    title: str
    channel: str
    command: Sequence[str]
    converse: Callable[[], Conversation]
    recovers: bool = False

    def serve(self, core: int) -> ServerProcess:
        return ServerProcess(self.name, self.command, core)


@dataclass(frozen=True)
class Workshop:
    """Where alternatives are built once and found again: a folder of its own."""

    cache: Path

    def folder(self, name: str) -> Path:
        folder = self.cache / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
