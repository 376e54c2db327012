"""The servers and handlers under test, one process and one core each."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from legato.bench.errors import UnavailableError
from legato.bench.http.pages import KINDS
from legato.bench.http.server import HOST, HttpServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from legato.bench.http.pages import Site

_SITE = "legato.bench.http.site"


@dataclass(frozen=True)
class HttpSystem:
    """A server that hosts the project, and how it is started.

    Attributes:
        name: The word by which options and raw figures know it.
        title: What the report calls it, with versions.
        command: The command line that serves a port.
        kinds: The views it is measured with: below WSGI an ``async def`` view is
            what nobody would write.
        settings: The settings of the project that it runs with.
    """

    name: str
    title: str
    command: Callable[[int], list[str]]
    kinds: tuple[str, ...] = KINDS
    settings: str = "settings"

    def serve(self, site: Site, core: int) -> HttpServer:
        environment = site.environment(self.settings)
        return HttpServer(self.name, self.command, core, environment)


def build_legato() -> HttpSystem:
    """On the same uvicorn as Django's own handler."""
    return HttpSystem(
        name="legato",
        title=f"Legato {version('django-legato')}",
        command=lambda port: _uvicorn("legato_asgi", port),
        settings="legato_settings",
    )


def build_django() -> HttpSystem:
    return HttpSystem(
        name="django",
        title=f"{_titled('Django')} on {_titled('uvicorn')}",
        command=lambda port: _uvicorn("asgi", port),
        settings="asgi_settings",
    )


def build_gunicorn(threads: int) -> HttpSystem:
    def command(port: int) -> list[str]:
        return _python(
            "gunicorn",
            f"{_SITE}.wsgi",
            f"--bind={HOST}:{port}",
            f"--config=python:{_SITE}.gunicorn",
            "--worker-class=gthread",
            f"--threads={threads}",
            "--keep-alive=75",
            "--log-level=warning",
        )

    return HttpSystem(
        name=f"gunicorn+{threads}",
        title=f"WSGI on {_titled('gunicorn')}, {_count(threads)}",
        command=command,
        kinds=("sync",),
    )


def build_granian(interface: str) -> HttpSystem:
    """
    Raises:
        UnavailableError: Granian is not installed.
    """
    if importlib.util.find_spec("granian") is None:
        message = "Granian is not installed (pip install 'django-legato[bench]')"
        raise UnavailableError(message)

    def command(port: int) -> list[str]:
        return _python(
            "granian",
            f"{_SITE}.{interface}:application",
            f"--interface={interface}",
            f"--host={HOST}",
            f"--port={port}",
            "--no-ws",
            "--log-level=warning",
        )

    return HttpSystem(
        name=f"granian+{interface}",
        title=f"{interface.upper()} on {_titled('Granian')}",
        command=command,
        kinds=("sync",) if interface == "wsgi" else KINDS,
        settings="settings" if interface == "wsgi" else "asgi_settings",
    )


def _uvicorn(module: str, port: int) -> list[str]:
    return _python(
        "uvicorn",
        f"{_SITE}.{module}:application",
        f"--host={HOST}",
        f"--port={port}",
        "--loop=uvloop",
        "--http=httptools",
        "--no-access-log",
        "--log-level=warning",
    )


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _titled(package: str) -> str:
    return f"{package} {version(package)}"


def _count(threads: int) -> str:
    return f"{threads} thread" if threads == 1 else f"{threads} threads"
