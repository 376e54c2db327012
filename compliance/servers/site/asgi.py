"""The project's application; it says on stderr how far lifespan has come."""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "compliance.servers.site.settings")

from legato.asgi import get_asgi_application

django_and_legato = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    async def report(message: Any) -> None:
        sys.stderr.write(f"{message['type']}\n")
        sys.stderr.flush()
        await send(message)

    lifespan = scope["type"] == "lifespan"
    await django_and_legato(scope, receive, report if lifespan else send)
