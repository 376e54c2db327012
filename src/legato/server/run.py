"""One process that serves a project: sockets, application, uvicorn."""

from __future__ import annotations

import errno
import logging
import logging.config
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.utils.module_loading import import_string

from legato.asgi import get_asgi_application
from legato.server.protocol import WebSocketProtocol

__all__ = [
    "bind",
    "build_server",
    "format_address",
    "load_application",
    "parse_bind",
]

BACKLOG = 2048

GRACEFUL_TIMEOUT = 30
"""Seconds that requests under way have to finish when the server stops."""

BIND_ERRORS = {
    errno.EACCES: "you have no permission to use that port",
    errno.EADDRINUSE: "the port is in use; stop what uses it or choose another",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


class Server(uvicorn.Server):
    """uvicorn's server, telling when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, and leave it at that: uvicorn would die by the signal afterwards."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def parse_bind(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``[IPv6]:PORT`` or ``PORT`` as (host, port).

    Raises:
        ValueError: it is none of these.
    """
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    if not is_port or (":" in host and not bracketed):
        raise ValueError(f"{text!r} is not HOST:PORT, for example 127.0.0.1:8000.")
    return host or "127.0.0.1", int(port)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: with a message that says what to do.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        why = BIND_ERRORS.get(error.errno or 0, error.strerror or str(error))
        raise OSError(error.errno, f"Cannot listen on {host}:{port}: {why}.") from error
    listener.setblocking(False)
    return listener


def format_address(listener: socket.socket) -> str:
    """Where ``listener`` listens, as it stands in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def load_application(*, static_files: bool) -> Any:
    """The project's ASGI application.

    Args:
        static_files: Serve the files of ``django.contrib.staticfiles`` as well, which
            is for development alone.

    Raises:
        ImportError: ``settings.ASGI_APPLICATION`` names nothing that can be imported.
    """
    path = getattr(django_settings, "ASGI_APPLICATION", None)
    application: Any = import_string(path) if path else get_asgi_application()
    if static_files and "django.contrib.staticfiles" in django_settings.INSTALLED_APPS:
        handler: Any = ASGIStaticFilesHandler(application)
        return handler
    return application


def build_server(
    application: Any, *, on_ready: Callable[[], None], access_log: bool
) -> Server:
    """A server for sockets that are bound already; ``run(sockets)`` serves."""
    _log_to_stderr(access_log)
    config = uvicorn.Config(
        application,
        ws=WebSocketProtocol,
        # Compression costs 40 KB a connection and gains little on small messages.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACEFUL_TIMEOUT,
        log_config=None,
        access_log=access_log,
        server_header=False,
        backlog=BACKLOG,
    )
    return Server(config, on_ready)


def _log_to_stderr(access_log: bool) -> None:
    """Show warnings, and requests if asked for, unless the project logs them itself."""
    loggers = {"uvicorn.access": logging.INFO, "uvicorn": logging.WARNING}
    for name, level in loggers.items():
        logger = logging.getLogger(name)
        if logger.hasHandlers() or (name == "uvicorn.access" and not access_log):
            continue
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
