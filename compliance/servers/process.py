"""A server as a process of its own, started by its command line."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT = 15.0
START_TIMEOUT = 30.0
LOOK_INTERVAL = 0.02
ROOT = Path(__file__).parent.parent.parent

SETTINGS_OF_THE_TESTS = {
    "DJANGO_SETTINGS_MODULE",
    # By it django-debug-toolbar would know that there are tests.
    "PYTEST_VERSION",
    # Users serve without asyncio's debug mode, which makes each call on the loop slow.
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
}


def choose_port() -> int:
    """A free port, below those that the system hands out to clients meanwhile."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)  # random is seeded for each test
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class ServerProcess:
    """A running server and what it prints.

    The first word of ``command`` is a script of the environment the tests run in.
    """

    def __init__(
        self, command: Sequence[str], port: int, environment: Mapping[str, str]
    ) -> None:
        self.port = port
        self.output = ""
        self._printed = threading.Condition()
        script = Path(sys.executable).parent / command[0]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in SETTINGS_OF_THE_TESTS
        }
        self._process = subprocess.Popen(
            [str(script), *command[1:]],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Some have workers, which have to end with them.
            start_new_session=True,
            env={
                **inherited,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                **environment,
            },
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._printed:
                self.output += line
                self._printed.notify_all()

    def wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                assert self._process.poll() is None, self.output
                assert time.monotonic() < deadline, self.output
                with self._printed:
                    self._printed.wait(LOOK_INTERVAL)

    def wait_for(self, text: str) -> None:
        """Until the server has printed ``text``."""
        with self._printed:
            found = self._printed.wait_for(lambda: text in self.output, TIMEOUT)
        assert found, f"no {text!r} in:\n{self.output}"

    def stop(self) -> int:
        """The exit code after SIGTERM; the output is complete then."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return code

    def kill(self) -> None:
        """End it and its workers, whatever they are doing."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        assert self._process.stdout is not None
        self._process.stdout.close()
