"""The project under both handlers, with and without DEBUG."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.servers.complaints import complaints
from compliance.servers.process import ROOT, ServerProcess, choose_port

pytest.register_assert_rewrite("compliance.middleware.scenarios")

SETTINGS = "compliance.middleware.project.settings"
COMMAND = (
    "uvicorn compliance.middleware.project.asgi:application --log-level warning --port"
)
HANDLERS = ("django", "legato")


class Servers:
    """uvicorn for each handler, without and with DEBUG; started when first needed.

    Args:
        folder: Holds a database, of which each gets a copy, and static files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[tuple[str, bool], ServerProcess] = {}

    def port(self, handler: str, *, debug: bool) -> int:
        """Where the project is served, once it is."""
        if (handler, debug) not in self._processes:
            # Both handlers are mostly wanted: they start side by side.
            for each in HANDLERS:
                self._processes[each, debug] = self._start(each, debug)
        process = self._processes[handler, debug]
        process.wait_until_listening()
        return process.port

    def _start(self, handler: str, debug: bool) -> ServerProcess:
        database = self._folder / f"{handler}-{debug}.sqlite3"
        shutil.copy(self._folder / "db.sqlite3", database)
        port = choose_port()
        environment = {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PROJECT_FOLDER": str(self._folder),
            "PROJECT_DATABASE": str(database),
            "PROJECT_DEBUG": "1" if debug else "0",
            "PROJECT_HANDLER": handler,
            # django-csp writes its directives in the order of a set.
            "PYTHONHASHSEED": "0",
        }
        return ServerProcess([*COMMAND.split(), str(port)], port, environment)

    def kill(self) -> None:
        for process in self._processes.values():
            process.kill()

    def complaints(self) -> set[str]:
        outputs = (process.output for process in self._processes.values())
        return set().union(*map(complaints, outputs))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """In the end none of them may have complained."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(
        [sys.executable, "-m", "django", "prepare", "--skip-checks"],
        cwd=ROOT,
        check=True,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PROJECT_FOLDER": str(folder),
        },
    )
    servers = Servers(folder)
    try:
        yield servers
    finally:
        servers.kill()
    assert not servers.complaints()


@pytest.fixture
def ports(servers: Servers, debug: bool) -> dict[str, int]:
    """Where each handler serves, with the test's ``debug``."""
    return {handler: servers.port(handler, debug=debug) for handler in HANDLERS}


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of view."""
    return str(request.param)
