"""The ASGI application of a project: Django, the realtime endpoints, and health."""

from __future__ import annotations

import logging
from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler, get_script_prefix

from legato.conf import get_settings
from legato.http.handler import Handler
from legato.realtime.transports.websocket import serve_websocket
from legato.realtime.wiring import start_serving, stop_serving
from legato.types import Message, Receive, Scope, Send

__all__ = ["Application", "get_asgi_application"]

logger = logging.getLogger("legato.asgi")


def get_asgi_application(websocket: Any = None) -> Application:
    """The application to put into ``asgi.py``.

    Args:
        websocket: An ASGI application for WebSocket connections to other paths than
            Legato's own, for example the ``URLRouter`` of Channels. Without one they
            are refused with 403.
    """
    django.setup(set_prefix=False)
    handler = Handler() if get_settings().handler == "legato" else ASGIHandler()
    return Application(handler, websocket)


class Application:
    """Routes by protocol and path.

    - ``<CONNECTION_PATH>/websocket`` speaks the Centrifuge client protocol.
    - ``HEALTH_PATH`` answers 200 with ``{}`` while the process serves.
    - Other HTTP requests are Django's, other WebSockets those of ``websocket``.
    - ``lifespan`` starts and closes the node. A server without it gets the node with
      its first connection.
    """

    def __init__(self, http: Any, websocket: Any = None) -> None:
        self.http = http
        self.websocket = websocket
        settings = get_settings()
        self._websocket_path = settings.websocket_path
        self._health_path = settings.health_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(receive, send)
            return
        node = await start_serving()
        path = _path(scope)
        if kind == "websocket":
            if path == self._websocket_path:
                await serve_websocket(node, get_settings(), scope, receive, send)
            elif self.websocket is not None:
                await self.websocket(scope, receive, send)
            else:
                await send({"type": "websocket.close"})
        elif self._health_path and path == self._health_path:
            await _respond(send, 200, b"{}")
        elif path == self._websocket_path:
            upgrade = [(b"upgrade", b"websocket")]
            await _respond(send, 426, b'{"error":"WebSocket only"}', upgrade)
        else:
            await self.http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            await start_serving()
        except Exception as error:
            logger.exception("Legato could not start.")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await stop_serving()
        await send({"type": "lifespan.shutdown.complete"})


def _path(scope: Scope) -> str:
    """The path within the application, without a prefix it is mounted at."""
    path: str = scope["path"]
    root = get_script_prefix(scope).rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


async def _respond(
    send: Send,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *(headers or []),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
