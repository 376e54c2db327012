"""``manage.py runserver`` over ASGI, so that nothing differs in development."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings as django_settings
from django.contrib.staticfiles.management.commands.runserver import (
    Command as StaticRunserver,
)
from django.db import connections
from django.utils import autoreload

from legato.conf import get_settings
from legato.server.run import bind, build_server, load_application


class Command(StaticRunserver):
    help = "Starts a development server over ASGI, with live channels."

    # Set by Django's handle() from the command line.
    addr: str
    port: str

    def inner_run(self, *args: Any, **options: Any) -> None:
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.stdout.write("Performing system checks...\n\n")
            self.check(display_num_errors=True)
        self.check_migrations()
        # Checking migrations has opened connections on this thread.
        connections.close_all()
        try:
            listener = bind(self.addr, int(self.port))
        except OSError as error:
            self.stderr.write(f"Error: {error.strerror}")
            # As Django does it: this may be a thread of the reloader.
            os._exit(1)
        static_files = options["use_static_handler"] and (
            django_settings.DEBUG or options["insecure_serving"]
        )
        port = listener.getsockname()[1]
        server = build_server(
            load_application(static_files=static_files),
            on_ready=lambda: self.on_bind(port),
            access_log=True,
        )
        try:
            server.run([listener])
        except KeyboardInterrupt:
            self.stdout.write(options.get("shutdown_message", ""))

    def on_bind(self, server_port: int) -> None:
        super().on_bind(server_port)
        path = get_settings().websocket_path
        self.stdout.write(f"Live channels (ASGI): {path}\n")
        self.stdout.flush()
