"""Every server as a process, with the same project."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compliance.servers.client import fetch
from compliance.servers.commands import COMMANDS, PREFIXES
from compliance.servers.complaints import complaints
from compliance.servers.limits import LIMITS
from compliance.servers.process import ServerProcess, choose_port

BIG_FILE = bytes(range(256)) * 20_000
"""5 MB."""


@dataclass
class RunningServer:
    name: str
    process: ServerProcess

    def __post_init__(self) -> None:
        self.process.wait_until_listening()

    @property
    def port(self) -> int:
        return self.process.port

    def expected(self, fact: str, usual: Any) -> Any:
        """What is to be seen here: ``usual``, unless the server is known for less."""
        limit = LIMITS.get((self.name, fact))
        return usual if limit is None else limit.seen

    async def set_flag(self, name: str) -> None:
        assert (await fetch(self.port, f"/flags/{name}", "POST")).status == 204

    async def wait_for_flag(self, name: str) -> None:
        assert (await fetch(self.port, f"/flags/{name}")).status == 204

    async def has_flag(self, name: str) -> bool:
        return (await fetch(self.port, f"/flags/{name}", "HEAD")).status == 204


@contextmanager
def run_all(folder: Path, *, prefixed: bool) -> Iterator[dict[str, ServerProcess]]:
    """All servers by name; they start side by side, and may not be listening yet."""
    started: dict[str, ServerProcess] = {}
    try:
        for name, command in COMMANDS.items():
            if prefixed and name in PREFIXES:
                command += f" {PREFIXES[name].option}"
            port = choose_port()
            words = command.replace("PORT", str(port)).split()
            environment = {"SITE_FOLDER": str(folder)}
            started[name] = ServerProcess(words, port, environment)
        yield started
    finally:
        for process in started.values():
            process.kill()


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "big.bin").write_bytes(BIG_FILE)
    return folder


@pytest.fixture(scope="session")
def processes(site_folder: Path) -> Iterator[dict[str, ServerProcess]]:
    """All servers; in the end none of them may have complained."""
    with run_all(site_folder, prefixed=False) as started:
        yield started
    for name, process in started.items():
        limit = LIMITS.get((name, "complaints"))
        known = set() if limit is None else limit.seen
        assert complaints(process.output) <= known, name


@pytest.fixture(scope="session")
def prefixed_processes(site_folder: Path) -> Iterator[dict[str, ServerProcess]]:
    """All servers, with the application at /app where they can do that."""
    with run_all(site_folder, prefixed=True) as started:
        yield started


@pytest.fixture(params=list(COMMANDS))
def server(
    request: pytest.FixtureRequest, processes: dict[str, ServerProcess]
) -> RunningServer:
    """Each server in turn."""
    return RunningServer(request.param, processes[request.param])


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of view."""
    return str(request.param)


@pytest.fixture
def name() -> str:
    """A name for flags that no other test uses."""
    return secrets.token_hex(4)
