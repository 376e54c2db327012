"""Django Channels with its in-memory layer.

On uvicorn with uvloop rather than on Daphne: it needs less CPU there, and the
comparison should be with its better server.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

from legato.bench.errors import UnavailableError
from legato.bench.realtime.conversation import number_of
from legato.bench.realtime.systems.base import System

if TYPE_CHECKING:
    from legato.bench.realtime.systems.base import Workshop


class ChannelsConversation:
    """The consumer says when the client is in its group; nothing is recovered."""

    path = "/ws"

    def __init__(self) -> None:
        self.joined = False
        self.heard: list[int] = []

    def open(self) -> str | None:
        return None

    def hear(self, message: str) -> str | None:
        if message == "joined":
            self.joined = True
        else:
            self.heard.append(number_of(message))
        return None

    def resume(self) -> Self:
        return type(self)()


def build_channels(workshop: Workshop) -> System:
    """
    Raises:
        UnavailableError: Channels is not installed.
    """
    if importlib.util.find_spec("channels") is None:
        message = "Channels is not installed (pip install 'django-legato[bench]')"
        raise UnavailableError(message)
    return System(
        name="channels",
        title=f"Channels {version('channels')} on uvicorn {version('uvicorn')}",
        channel="bench",
        command=[sys.executable, "-m", "legato.bench.realtime.servers.channels"],
        converse=ChannelsConversation,
    )
