"""A PostgreSQL of the tests' own: one cluster in a temporary folder, on a socket there.

It touches no cluster of the system and needs none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

TIMEOUT = 15
USER = "legato"
OBSERVER = "observer"

INITDB = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C"]
INITDB += ["--no-sync"]

# What a crash would lose is of no interest, and nobody but a socket's owner gets in.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "jit": "off",
}


class Cluster:
    """A running PostgreSQL server and the way into its databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def database(self, name: str) -> dict[str, Any]:
        """An entry of Django's ``DATABASES``."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": USER,
            "HOST": str(self.folder),
        }

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A connection in autocommit mode; PostgreSQL knows it as the ``OBSERVER``."""
        return psycopg.connect(
            host=str(self.folder),
            user=USER,
            dbname=name,
            application_name=OBSERVER,
            autocommit=True,
        )

    def create(self, name: str, template: str = "template1") -> None:
        """Make a database, a copy of ``template``, which nobody may be using."""
        with self.connect() as connection:
            connection.execute(f'create database "{name}" template "{template}"')


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """A new cluster that is stopped and forgotten when the block ends."""
    # Not pytest's folder: only its owner may enter that one.
    with tempfile.TemporaryDirectory(
        prefix="legato-postgresql-", ignore_cleanup_errors=True
    ) as path:
        folder = Path(path)
        owner = server_owner()
        if owner:
            shutil.chown(folder, **owner)
        data = str(folder / "data")
        with (folder / "log").open("w") as log:
            options: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": log}
            options |= {**owner, "extra_groups": []} if owner else {}
            subprocess.run([find("initdb"), "-D", data, *INITDB], check=True, **options)
            command = [find("postgres"), "-D", data, "-k", path]
            for name, value in SETTINGS.items():
                command += ["-c", f"{name}={value}"]
            server = subprocess.Popen(command, start_new_session=True, **options)
        try:
            cluster = Cluster(folder)
            wait_until_ready(cluster, server)
            yield cluster
        finally:
            # At once: nothing is written that would be deleted next.
            server.send_signal(signal.SIGQUIT)
            server.wait(TIMEOUT)


def wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while True:
        with contextlib.suppress(psycopg.OperationalError):
            cluster.connect().close()
            return
        log = cluster.folder / "log"
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.01)


def server_owner() -> dict[str, str]:
    """Who runs PostgreSQL when root runs the tests: it refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres"}


def find(program: str) -> str:
    """A program of PostgreSQL, of the newest version where Debian has several."""

    def version(folder: Path) -> float:
        return float(folder.parent.name)

    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders = [*os.get_exec_path(), *map(str, sorted(debian, key=version)[::-1])]
    found = shutil.which(program, path=os.pathsep.join(folders))
    assert found is not None, 'PostgreSQL is not installed; "make test" sees to it'
    # What PATH names may be a link: PostgreSQL looks for its files beside the program.
    return str(Path(found).resolve())
