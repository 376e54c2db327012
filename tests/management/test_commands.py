"""``serve`` and ``runserver`` as processes, as a user starts them."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect

TIMEOUT = 15
SITE = Path(__file__).parent.parent / "site"


class Process:
    """A management command and the lines it prints."""

    def __init__(self, *args: str, cwd: Path, debug: bool, importing: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SITE / "manage.py"), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Its reloader has a child, which has to end with it.
            start_new_session=True,
            env={
                **os.environ,
                "TEST_IMPORT": importing,
                "TEST_DEBUG": "1" if debug else "0",
                "TEST_DATABASE": str(cwd / "db.sqlite3"),
                "PYTHONUNBUFFERED": "1",
            },
        )
        self.output: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")  # the end

    def wait_for(
        self, pattern: str, meanwhile: Callable[[], object] = lambda: None
    ) -> re.Match[str]:
        """The first line from here on in which ``pattern`` is found.

        While there is none, ``meanwhile`` is called twice a second.
        """
        patience = TIMEOUT / 0.5
        while patience:
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                patience -= 1
                meanwhile()
                continue
            assert line, f"ended without {pattern!r}: {''.join(self.output)}"
            self.output.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"no {pattern!r} in {self.output}")

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


@contextmanager
def running(
    *args: str, cwd: Path, debug: bool = False, importing: str = ""
) -> Iterator[Process]:
    process = Process(*args, cwd=cwd, debug=debug, importing=importing)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.process.pid, signal.SIGKILL)
        process.process.wait()
        assert process.process.stdout is not None
        process.process.stdout.close()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        body: bytes = response.read()
        return body


def greet(port: str) -> str:
    """Connect as a realtime client and return the reply."""
    url = f"ws://127.0.0.1:{port}/connection/websocket"
    with connect(url, proxy=None) as websocket:
        websocket.send('{"id":1,"connect":{}}')
        return str(websocket.recv(TIMEOUT))


def test_serve_says_what_it_serves_and_stops_cleanly(tmp_path: Path) -> None:
    with running("serve", "--bind", "127.0.0.1:0", cwd=tmp_path) as process:
        process.wait_for(r"Legato \S+, Django \S+, Python 3")
        port = process.wait_for(r"Serving +http://127\.0\.0\.1:(\d+)/")[1]
        process.wait_for(r"Live +ws://.*/connection/websocket \(7 .*memory://\)")
        process.wait_for("Stop with Ctrl-C")
        assert fetch(f"http://127.0.0.1:{port}/health") == b"{}"
        assert '"client"' in greet(port)
        assert process.stop() == 0
        process.wait_for("Stopped")


def test_serve_serves_static_files_in_development(tmp_path: Path) -> None:
    args = ["serve", "--bind", "127.0.0.1:0"]
    with running(*args, cwd=tmp_path, debug=True) as process:
        port = process.wait_for(r"http://127\.0\.0\.1:(\d+)/")[1]
        assert b"hello" in fetch(f"http://127.0.0.1:{port}/static/hello.txt")


@pytest.mark.parametrize(
    ("bind", "message"),
    [
        ("nonsense", "CommandError: 'nonsense' is not HOST:PORT"),
        ("::1", "CommandError: '::1' is not HOST:PORT"),
        ("127.0.0.1:99999", "CommandError: '127.0.0.1:99999' is not HOST:PORT"),
        ("192.0.2.1:80", "CommandError: Cannot listen on 192.0.2.1:80: this machine"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(
    tmp_path: Path, bind: str, message: str
) -> None:
    with running("serve", "--bind", bind, cwd=tmp_path) as process:
        process.wait_for(re.escape(message))
        assert process.process.wait(TIMEOUT) == 1


def test_a_port_in_use_is_explained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with running("serve", "--bind", bind, cwd=tmp_path) as process:
            process.wait_for(f"Cannot listen on {bind}: the port is in use")


def test_runserver_serves_live_channels_and_static_files(tmp_path: Path) -> None:
    with running("migrate", cwd=tmp_path) as migrate:
        assert migrate.process.wait(TIMEOUT) == 0
    args = ["runserver", "--noreload", "127.0.0.1:0"]
    with running(*args, cwd=tmp_path, debug=True) as process:
        port = process.wait_for(r"server at http://127\.0\.0\.1:(\d+)/")[1]
        process.wait_for(r"Live channels \(ASGI\): /connection/websocket")
        assert '"client"' in greet(port)
        assert b"hello" in fetch(f"http://127.0.0.1:{port}/static/hello.txt")
        assert process.stop() == 0


@pytest.mark.parametrize("command", ["serve --reload --bind", "runserver"])
def test_changed_code_starts_the_server_again(tmp_path: Path, command: str) -> None:
    with running("migrate", cwd=tmp_path) as migrate:
        assert migrate.process.wait(TIMEOUT) == 0
    args = [*command.split(), "127.0.0.1:0"]
    with running(*args, cwd=tmp_path, debug=True) as process:
        process.wait_for(r"http://127\.0\.0\.1:\d+/")
        # A reloader notes the times of files at its leisure: touch until it sees.
        touch = (SITE / "urls.py").touch
        port = process.wait_for(r"http://127\.0\.0\.1:(\d+)/", touch)[1]
        assert '"client"' in greet(port)
        process.stop(signal.SIGTERM)


def test_a_mistake_in_the_code_is_survived_by_reload(tmp_path: Path) -> None:
    broken = SITE / "mistake.py"
    broken.write_text("")
    try:
        args = ["serve", "--reload", "--bind", "127.0.0.1:0"]
        with running(*args, cwd=tmp_path, importing="tests.site.mistake") as process:
            process.wait_for(r"http://127\.0\.0\.1:\d+/")
            process.wait_for("SyntaxError", lambda: broken.write_text("half a line"))
            broken.write_text("")
            process.wait_for(r"http://127\.0\.0\.1:\d+/", broken.touch)
    finally:
        broken.unlink()


def test_serve_listens_on_ipv6(tmp_path: Path) -> None:
    with running("serve", "--bind", "[::1]:0", cwd=tmp_path) as process:
        port = process.wait_for(r"Serving +http://\[::1\]:(\d+)/")[1]
        assert fetch(f"http://[::1]:{port}/health") == b"{}"
