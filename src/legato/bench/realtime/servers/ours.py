"""A Legato project of two channels, on the server that ``manage.py serve`` builds."""

from __future__ import annotations

from django.conf import settings

from legato import apublish
from legato.asgi import get_asgi_application
from legato.bench.realtime.servers.hosting import host
from legato.server.run import build_server


def main() -> None:
    settings.configure(
        SECRET_KEY="bench",  # noqa: S106 - nothing is signed
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=[
            "legato",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "legato.bench.realtime.site",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        # As patient as uvicorn and Socket.IO: a crowd waits while others have a turn.
        LEGATO={"PONG_TIMEOUT": 20.0},
        ROOT_URLCONF="legato.bench.realtime.site.urls",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        },
    )
    server = build_server(
        get_asgi_application(), on_ready=lambda: None, access_log=False
    )
    host(server, apublish)


if __name__ == "__main__":
    main()
