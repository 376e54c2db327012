"""An HTTP server under test, started as its users start it: by its command line."""

from __future__ import annotations

import ctypes
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from legato.bench.process import START_TIMEOUT, Process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HOST = "127.0.0.1"
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)
_libc = ctypes.CDLL(None)


class HttpServer(Process):
    """One process that serves, and the master above it where a server has one."""

    def __init__(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        core: int,
        environment: Mapping[str, str],
    ) -> None:
        """
        Args:
            command: The command line that serves a port.
        """
        port = _find_free_port()
        super().__init__(
            name,
            command(port),
            core,
            environment=environment,
            # They do not watch their input: this ends them with a bench that is killed.
            preexec_fn=_end_with_parent,
        )
        self.port = port

    def cpu_ns(self) -> int:
        return sum(map(self._cpu_ns, self._family()))

    def resident_bytes(self) -> int:
        return self._memory_bytes(self._worker())

    def proportional_bytes(self) -> int:
        """Resident memory, what is shared with other processes divided among them."""
        return self._memory_bytes(self._worker(), "Pss")

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self._worker()}/task").iterdir()))

    def _await_start(self) -> None:
        """A worker may be ready after its master: the first answer decides later."""
        deadline = time.monotonic() + START_TIMEOUT
        while not _accepts(self.port):
            if self._process.poll() is not None:
                raise self.failure("ended before it served")
            if time.monotonic() > deadline:
                raise self.failure(f"did not start within {START_TIMEOUT:.0f} s")
            time.sleep(0.02)

    def _ask_to_end(self) -> None:
        self._process.terminate()

    def _family(self) -> list[int]:
        """The process that was started and its children, which have none."""
        started = self._process.pid
        children = Path(f"/proc/{started}/task/{started}/children")
        try:
            return [started, *map(int, children.read_text().split())]
        except FileNotFoundError as error:
            raise self.failure("has ended") from error

    def _worker(self) -> int:
        """The one that has loaded the project, and with it the most memory."""
        return max(self._family(), key=self._memory_bytes)


def _find_free_port() -> int:
    """One that was free a moment ago: not all servers can say which they chose."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1.0).close()
    except OSError:
        return False
    return True


def _end_with_parent() -> None:
    _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
