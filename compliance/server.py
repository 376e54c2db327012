"""A real server in the test's own loop, with settings of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.test import override_settings

from legato.server.protocol import WebSocketProtocol
from tests.conftest import LiveServer, run_server


@asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[LiveServer]:
    """Serve the test project; ``settings`` are those of ``LEGATO`` in lower case."""
    values = {name.upper(): value for name, value in settings.items()}
    with override_settings(LEGATO=values):
        async with run_server(WebSocketProtocol) as server:
            yield server
