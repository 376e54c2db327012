"""The pages that are asked for, and the project's database prepared for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from legato.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VIEWS = ("plain", "session", "orm", "template")
KINDS = ("sync", "async")
_SITE = "legato.bench.http.site"
_PREPARE_TIMEOUT = 60


@dataclass(frozen=True)
class Page:
    """A view of the project, written in one of both ways."""

    view: str
    kind: str

    @property
    def path(self) -> str:
        return f"/{self.kind}/{self.view}/"

    @property
    def personal(self) -> bool:
        """It is about the visitor, whose cookie comes along."""
        return self.view == "session"

    def __str__(self) -> str:
        return f"{self.view}, {self.kind}"


PAGES = tuple(Page(view, kind) for view in VIEWS for kind in KINDS)


@dataclass(frozen=True)
class Exchange:
    """One request of a page, and the body that has to come back."""

    request: bytes
    body: bytes


@dataclass(frozen=True)
class Site:
    """The project, ready to be served.

    Attributes:
        database: Its SQLite file.
        exchanges: What to ask and to expect, by page.
    """

    database: Path
    exchanges: Mapping[Page, Exchange]

    def environment(self, settings: str) -> dict[str, str]:
        """What a server of the project finds in its environment."""
        return _environment(self.database, settings)


@contextmanager
def prepared_site() -> Iterator[Site]:
    """
    Raises:
        BenchError: the project does not work.
    """
    with TemporaryDirectory(prefix="legato-bench-") as folder:
        database = Path(folder) / "site.sqlite3"
        command = [sys.executable, "-m", "django", "prepare"]
        command += ["--visitor", *(page.path for page in PAGES if page.personal)]
        command += ["--anyone", *(page.path for page in PAGES if not page.personal)]
        done = subprocess.run(
            command,
            env=_environment(database, "settings"),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PREPARE_TIMEOUT,
        )
        if done.returncode:
            raise BenchError(f"the project cannot be prepared: {done.stderr.strip()}")
        prepared = json.loads(done.stdout)
        exchanges = {}
        for page in PAGES:
            request = _request(page, prepared["session"])
            exchanges[page] = Exchange(request, prepared["pages"][page.path].encode())
        yield Site(database, exchanges)


def _environment(database: Path, settings: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": f"{_SITE}.{settings}",
        "LEGATO_BENCH_DATABASE": str(database),
    }


def _request(page: Page, session: str) -> bytes:
    """What a browser sends."""
    lines = [
        f"GET {page.path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.5",
        "Accept-Encoding: gzip, deflate",
    ]
    if page.personal:
        lines.append(f"Cookie: sessionid={session}")
    return "\r\n".join([*lines, "", ""]).encode()
