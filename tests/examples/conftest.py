from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import free_port, is_healthy

FRONTDESK = Path(__file__).resolve().parents[2] / "examples" / "frontdesk"


class Frontdesk:
    """The example with a database of its own, driven as its users drive it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "serve.log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
            "FRONTDESK_DATABASE": str(folder / "db.sqlite3"),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=FRONTDESK,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--bind", self.url[7:]],
                cwd=FRONTDESK,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while not is_healthy(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"serve did not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@pytest.fixture(scope="session")
def frontdesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontdesk]:
    """The example served with its sample data."""
    desk = Frontdesk(tmp_path_factory.mktemp("frontdesk"))
    for step in ["migrate", "seed"]:
        result = desk.manage(step)
        assert result.returncode == 0, result.stderr
    desk.start()
    yield desk
    desk.stop()
