"""``manage.py serve``: the project, its live channels included, in one process."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from typing import Any

import django
from django.conf import settings as django_settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import autoreload

from legato.conf import get_settings
from legato.realtime.channels.registry import registry
from legato.server.reload import serve_with_reload
from legato.server.run import (
    bind,
    build_server,
    format_address,
    load_application,
    parse_bind,
)


class Command(BaseCommand):
    help = "Serves the project over ASGI, with live channels, in one process."

    # Checked when serving begins, so that --reload checks changed code, and once.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            default="127.0.0.1:8000",
            metavar="HOST:PORT",
            help="Where to listen (default: %(default)s).",
        )
        parser.add_argument(
            "--reload",
            action="store_true",
            help="Start again when the code changes; for development.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reload"]:
            serve_with_reload(self.serve, **options)
        else:
            self.serve(**options)

    def serve(self, **options: Any) -> None:
        if options["reload"]:
            autoreload.raise_last_exception()
        self.check()
        try:
            host, port = parse_bind(options["bind"])
            listener = bind(host, port)
        except (ValueError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            if options["reload"]:
                # This is a thread of the reloader, which goes on after an exception.
                self.stderr.write(f"CommandError: {reason}")
                os._exit(2)
            raise CommandError(reason) from None
        address = format_address(listener)
        server = build_server(
            load_application(static_files=django_settings.DEBUG),
            on_ready=lambda: self.announce(address),
            access_log=django_settings.DEBUG,
        )
        with contextlib.suppress(KeyboardInterrupt):
            server.run([listener])
        self.stdout.write("Stopped.")

    def announce(self, address: str) -> None:
        """Say what is served, where, and how to stop it."""
        settings = get_settings()
        version = importlib.metadata.version("django-legato")
        count = len(list(registry))
        self.stdout.write(
            f"Legato {version}, Django {django.__version__},"
            f" Python {platform.python_version()}\n"
            f"Serving  http://{address}/\n"
            f"Live     ws://{address}{settings.websocket_path}"
            f" ({count} declared {'channel' if count == 1 else 'channels'},"
            f" broker {settings.broker})\n"
            "Stop with Ctrl-C."
        )
        self.stdout.flush()
