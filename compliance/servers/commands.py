"""The servers, each as its users start it."""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION = "compliance.servers.site.asgi:application"

COMMANDS = {
    "uvicorn-httptools": f"uvicorn {APPLICATION} --port PORT --http httptools",
    "uvicorn-h11": f"uvicorn {APPLICATION} --port PORT --http h11",
    "serve": "python compliance/servers/site/manage.py serve --bind 127.0.0.1:PORT",
    "gunicorn-uvicorn": (
        "gunicorn --worker-class uvicorn_worker.UvicornWorker --no-control-socket"
        f" --bind 127.0.0.1:PORT {APPLICATION}"
    ),
    "gunicorn-asgi": (
        "gunicorn --worker-class asgi --no-control-socket"
        f" --bind 127.0.0.1:PORT {APPLICATION}"
    ),
    "hypercorn": f"hypercorn --bind 127.0.0.1:PORT {APPLICATION}",
    "daphne": f"daphne --port PORT {APPLICATION}",
    "granian": f"granian --interface asgi --port PORT {APPLICATION}",
}


@dataclass(frozen=True)
class Prefix:
    """How a server is told that the application is mounted at /app.

    Some want the proxy in front of them to remove the prefix, others to leave it.
    """

    option: str
    requested: str


PREFIXES = {
    "uvicorn-httptools": Prefix("--root-path /app", requested=""),
    "uvicorn-h11": Prefix("--root-path /app", requested=""),
    "gunicorn-asgi": Prefix("--root-path /app", requested="/app"),
    "hypercorn": Prefix("--root-path /app", requested="/app"),
    "daphne": Prefix("--root-path /app", requested="/app"),
    "granian": Prefix("--url-path-prefix /app", requested="/app"),
}
