"""A server process on PostgreSQL, as a user starts it, and the facts about it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.http.client import Answer, connect
from tests.postgresql import OBSERVER, Cluster

T = TypeVar("T")

TIMEOUT = 12
MANAGE = Path(__file__).parent.parent / "site/manage.py"

CONNECTIONS = f"""
    select count(*) from pg_stat_activity where datname = current_database()
    and backend_type = 'client backend' and application_name <> '{OBSERVER}'
"""
UNFINISHED = f"{CONNECTIONS} and state <> 'idle'"
WAITING = f"{CONNECTIONS} and wait_event = 'advisory'"
COMPLAINTS = re.compile(
    r"Traceback|never (awaited|retrieved)|Warning: |^[A-Z]+ \S+:", re.M
)


async def becomes(fact: Callable[[], T], wanted: T | Callable[[T], bool]) -> T:
    """Wait until ``fact()`` equals ``wanted``, or until ``wanted(fact())`` is true."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        value = fact()
        if wanted(value) if callable(wanted) else value == wanted:
            return value
        assert time.monotonic() < deadline, f"still {value!r}, not {wanted!r}"
        await asyncio.sleep(0.005)


async def settled(fact: Callable[[], T]) -> T:
    """What ``fact()`` is once it has been the same twenty times in a row."""
    value, same = fact(), 0
    while same < 20:
        await asyncio.sleep(0.005)
        before, value = value, fact()
        same = same + 1 if value == before else 0
    return value


@dataclass(frozen=True)
class Configuration:
    """The settings that tests vary."""

    threads: int = 16
    thread_timeout: float = 10.0
    conn_max_age: int = 0
    conn_health_checks: bool = False
    pool: bool = False
    middleware: tuple[str, ...] = ()
    importing: str = ""

    def environment(self, database: dict[str, Any]) -> dict[str, str]:
        """The environment of a process that uses these settings and ``database``."""
        database = {
            **database,
            "CONN_MAX_AGE": self.conn_max_age,
            "CONN_HEALTH_CHECKS": self.conn_health_checks,
            "OPTIONS": {"pool": True} if self.pool else {},
        }
        settings = {"THREADS": self.threads, "THREAD_TIMEOUT": self.thread_timeout}
        return {
            **os.environ,
            # As a user runs it, but for the warnings.
            "PYTHONDEVMODE": "",
            "PYTHONASYNCIODEBUG": "",
            "PYTHONWARNINGS": "default",
            "DJANGO_SETTINGS_MODULE": "tests.http.project.settings",
            "TEST_POSTGRESQL": json.dumps(database),
            "TEST_LEGATO": json.dumps(settings),
            "TEST_MIDDLEWARE": json.dumps(self.middleware),
            "TEST_IMPORT": self.importing,
        }


# Whoever waits for a second thread waits until the test fails.
ONE_THREAD: dict[str, Any] = {"threads": 1, "thread_timeout": 60, "conn_max_age": 60}


class Server:
    """``manage.py serve`` with Legato's handler, on the database ``name``."""

    def __init__(
        self, configuration: Configuration, cluster: Cluster, name: str, log: Path
    ) -> None:
        self.log = log
        self._checked = 0
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(MANAGE), "serve", "--bind", "127.0.0.1:0"],
                stdout=output,
                stderr=output,
                env=configuration.environment(cluster.database(name)),
            )
        self.port = int(self.wait_for_log(r"http://127\.0\.0\.1:(\d+)/")[1])
        self.process = psutil.Process(self._process.pid)
        self.database = cluster.connect(name)
        self._steering = http.client.HTTPConnection("127.0.0.1", self.port, TIMEOUT)
        self._at_rest: dict[str, int] = {}
        self.cookie: dict[str, str] = {}

    async def begin(self) -> None:
        """Sign a user in, and remember what a server at rest holds."""
        answer = await self.get("/sign-in/anna")
        assert answer.status == 200, self.log.read_text()
        self.cookie = {"cookie": answer.headers["set-cookie"].split(";")[0]}
        self._at_rest = await settled(self.holdings)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own, as a user who is signed in."""
        async with connect(self.port) as connection:
            return await connection.get(path, self.cookie | (headers or {}))

    def ask(self, what: str) -> Any:
        """Steer the process, see ``project/steering.py``."""
        try:
            self._steering.request("GET", f"/steering/{what}")
            return json.load(self._steering.getresponse())
        except (http.client.RemoteDisconnected, OSError):
            # The server gives up connections that nobody has used for some seconds.
            self._steering.close()
            self._steering.request("GET", f"/steering/{what}")
            return json.load(self._steering.getresponse())

    def open(self, gate: str) -> None:
        self.ask(f"open/{gate}")

    def notes(self, name: str) -> list[str]:
        notes: list[str] = self.ask(f"notes/{name}")
        return notes

    async def noted(self, name: str, text: str) -> None:
        """Wait for a note."""
        await becomes(lambda: self.notes(name), lambda notes: text in notes)

    def busy(self) -> int:
        """Threads of the pool that are in use."""
        return int(self.ask("state")["busy"])

    def tasks(self) -> int:
        return int(self.ask("state")["tasks"])

    def files(self) -> int:
        """Open descriptors, connections included."""
        return self.process.num_fds()

    def connections(self) -> int:
        """Connections to the database, as PostgreSQL counts them."""
        return self.count(CONNECTIONS)

    def count(self, query: str) -> int:
        """The one number that ``query`` selects."""
        row = self.database.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def holdings(self) -> dict[str, int]:
        """What requests may leave behind; connections that are kept do not count."""
        state: dict[str, int] = self.ask("state")
        files = self.files() - self.connections()
        return {**state, "files": files, "unfinished": self.count(UNFINISHED)}

    def left_over(self) -> dict[str, int]:
        """By how much there is more than when the server began."""
        holdings = self.holdings()
        more = {kind: holdings[kind] - self._at_rest[kind] for kind in holdings}
        return {kind: count for kind, count in more.items() if count > 0}

    async def rest(self) -> None:
        """Wait until nothing is left of any request, and look for complaints."""
        await becomes(self.left_over, {})
        complaints = self.complaints()
        assert not complaints, complaints

    def complaints(self) -> str:
        """What the process has logged since this was last called."""
        with self.log.open() as log:
            log.seek(self._checked)
            lines = log.read()
            self._checked = log.tell()
        return lines if COMPLAINTS.search(lines) else ""

    def wait_for_log(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + TIMEOUT
        while not (found := re.search(pattern, self.log.read_text())):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.005)
        return found

    def stop(self) -> None:
        """As with Ctrl-C."""
        self._steering.close()
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        """Wait for the end; requests under way would hold it up."""
        try:
            code = self._process.wait(TIMEOUT)
        finally:
            self.kill()
        assert code == 0, self.log.read_text()

    def kill(self) -> None:
        self._steering.close()
        self.database.close()
        self._process.kill()
        self._process.wait()
