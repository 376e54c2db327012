"""Fixtures: one PostgreSQL, and server processes by their configuration."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from tests.http.server import MANAGE, Configuration, Server
from tests.postgresql import Cluster, run_cluster

FILES = 4096
"""Open files that a thousand streams need at each end, and some more."""

TEMPLATE = "project"

ENTRIES = """
    create view entries as
    select n as id, repeat(chr(97 + n % 26), 1000) as text
    from generate_series(1, 30000) as n
"""

Serve = Callable[..., Awaitable[Server]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL with a database of the test project, to be copied."""
    with run_cluster() as cluster:
        cluster.create(TEMPLATE)
        environment = Configuration().environment(cluster.database(TEMPLATE))
        command = [sys.executable, str(MANAGE), "migrate", "--run-syncdb"]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        with cluster.connect(TEMPLATE) as connection:
            connection.execute(ENTRIES)
        yield cluster


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[Configuration, Server]]:
    """The servers that run."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(FILES, hard)), hard))
    running: dict[Configuration, Server] = {}
    yield running
    for server in running.values():
        server.stop()
    for server in running.values():
        server.wait()


@pytest.fixture
async def serve(
    cluster: Cluster,
    servers: dict[Configuration, Server],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Serve]:
    """Call it with what a ``Configuration`` has, to get a server that runs with it.

    Tests share servers: when a test ends, nothing may be left of its requests.
    """
    used: list[Configuration] = []

    async def start(**options: object) -> Server:
        configuration = Configuration(**options)  # type: ignore[arg-type]
        used.append(configuration)
        if configuration not in servers:
            folder = tmp_path_factory.mktemp("server")
            cluster.create(folder.name, TEMPLATE)
            log = folder / "log"
            server = Server(configuration, cluster, folder.name, log)
            servers[configuration] = server
            await server.begin()
        return servers[configuration]

    yield start
    for configuration in used:
        try:
            await servers[configuration].rest()
        except BaseException:
            # The next test shall not suffer from what this one has left.
            servers.pop(configuration).kill()
            raise
