"""Legato itself, as ``manage.py serve`` runs it: one process, the memory broker."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self

from legato.bench.errors import BenchError
from legato.bench.realtime.conversation import number_of
from legato.bench.realtime.systems.base import System

if TYPE_CHECKING:
    from legato.bench.realtime.systems.base import Workshop

_PLAIN = "plain:bench"
_HISTORY = "history:bench"


class LegatoConversation:
    """Connects and subscribes in one frame; resumes from its position."""

    path = "/connection/websocket"

    def __init__(self, channel: str, epoch: str = "", offset: int = 0) -> None:
        self.joined = False
        self.recovered = False
        self.heard: list[int] = []
        self._channel = channel
        self._epoch = epoch
        self._offset = offset

    def open(self) -> str | None:
        subscribe: dict[str, object] = {"channel": self._channel}
        if self._epoch:
            subscribe |= {
                "recover": True,
                "epoch": self._epoch,
                "offset": self._offset,
            }
        commands: tuple[dict[str, object], ...] = (
            {"id": 1, "connect": {}},
            {"id": 2, "subscribe": subscribe},
        )
        return "\n".join(json.dumps(command) for command in commands)

    def hear(self, message: str) -> str | None:
        answer = None
        for line in message.split("\n"):
            reply = json.loads(line)
            if "subscribe" in reply:
                self._hear_subscribed(reply["subscribe"])
            elif "push" in reply:
                self._hear_publication(reply["push"]["pub"])
            elif not reply:
                answer = "{}"
            elif "error" in reply:
                refusal = f"Legato refused a command: {line}"
                raise BenchError(refusal)
        return answer

    def resume(self) -> Self:
        return type(self)(self._channel, self._epoch, self._offset)

    def _hear_subscribed(self, result: dict[str, Any]) -> None:
        self._epoch = result.get("epoch", "")
        self._offset = result.get("offset", 0)
        self.recovered = result.get("recovered", False)
        for publication in result.get("publications", ()):
            self._hear_publication(publication)
        self.joined = True

    def _hear_publication(self, publication: dict[str, Any]) -> None:
        self.heard.append(number_of(publication["data"]))
        self._offset = publication.get("offset", 0)


def build_legato(workshop: Workshop) -> System:
    return _legato("legato", _PLAIN)


def build_legato_with_history(workshop: Workshop) -> System:
    return _legato("legato+history", _HISTORY, recovers=True)


def _legato(name: str, channel: str, *, recovers: bool = False) -> System:
    note = ", history on" if recovers else ""
    return System(
        name=name,
        title=f"Legato {version('django-legato')}{note}",
        channel=channel,
        recovers=recovers,
        command=[sys.executable, "-m", "legato.bench.realtime.servers.ours"],
        converse=lambda: LegatoConversation(channel),
    )
