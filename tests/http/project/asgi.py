"""The project's application, and beside it what the tests steer it by."""

from __future__ import annotations

from typing import Any

from legato.asgi import get_asgi_application
from tests.http.project import steering

django = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    steered = scope["type"] == "http" and scope["path"].startswith("/steering/")
    await (steering.application if steered else django)(scope, receive, send)
