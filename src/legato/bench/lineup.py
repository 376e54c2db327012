"""Which systems take part in which measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from legato.bench.errors import UnavailableError
from legato.bench.http.systems import (
    HttpSystem,
    build_django,
    build_granian,
    build_gunicorn,
)
from legato.bench.http.systems import (
    build_legato as build_legato_http,
)
from legato.bench.realtime.systems.base import System, Workshop
from legato.bench.realtime.systems.channels import build_channels
from legato.bench.realtime.systems.floor import build_floor
from legato.bench.realtime.systems.ours import build_legato, build_legato_with_history
from legato.bench.realtime.systems.socketio import build_socketio

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from legato.bench.results import Results

T = TypeVar("T", System, HttpSystem)

PRODUCTS = (
    "legato",
    "floor",
    "channels",
    "socket.io",
    "django",
    "gunicorn",
    "granian",
)
"""What ``--systems`` may name: a system is called ``<product>+<variant>``."""

_REALTIME: dict[str, dict[str, Callable[[Workshop], System]]] = {
    "fanout": {
        "legato": build_legato,
        "legato+history": build_legato_with_history,
        "floor": build_floor,
        "channels": build_channels,
        "socket.io": build_socketio,
    },
    "memory": {
        "legato": build_legato,
        "channels": build_channels,
        "socket.io": build_socketio,
    },
    "storm": {
        "legato+history": build_legato_with_history,
        "channels": build_channels,
        "socket.io+recovery": partial(build_socketio, recovery=True),
    },
}
_HTTP: dict[str, Callable[[], HttpSystem]] = {
    "legato": build_legato_http,
    "django": build_django,
    "gunicorn+1": partial(build_gunicorn, 1),
    "gunicorn+16": partial(build_gunicorn, 16),
    "granian+wsgi": partial(build_granian, "wsgi"),
    "granian+asgi": partial(build_granian, "asgi"),
}


class Lineup:
    """Builds what is wanted and notes what cannot run here, and why."""

    def __init__(
        self, cache: Path, products: Collection[str], results: Results
    ) -> None:
        """
        Args:
            cache: Where alternatives are built.
            products: The products wanted.
            results: Where titles and absences are noted.
        """
        self._workshop = Workshop(cache)
        self._products = products
        self._results = results

    def realtime(self, measure: str) -> list[System]:
        builders = {
            name: partial(build, self._workshop)
            for name, build in _REALTIME[measure].items()
        }
        return self._build(builders)

    def http(self) -> list[HttpSystem]:
        return self._build(_HTTP)

    def _build(self, builders: Mapping[str, Callable[[], T]]) -> list[T]:
        systems = []
        for name, build in builders.items():
            product = name.partition("+")[0]
            if product in self._results.skipped or product not in self._products:
                continue
            try:
                systems.append(build())
            except UnavailableError as error:
                self._results.skipped[product] = str(error)
        self._results.titles |= {system.name: system.title for system in systems}
        return systems
