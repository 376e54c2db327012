"""One application for each stack of middleware; the header X-Stack says which."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.test import override_settings

from compliance.middleware.project.stacks import EVERYTHING, stacks
from legato.asgi import get_asgi_application


def build(middleware: list[str]) -> Any:
    """What a project with this setting has as its application."""
    with override_settings(MIDDLEWARE=middleware):
        return get_asgi_application()


# Some apps complete the settings, and what they add has to outlast the override.
django.setup()

applications = {
    name: build(middleware) for name, middleware in stacks(debug=settings.DEBUG).items()
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    name = EVERYTHING
    if scope["type"] == "http":
        headers = [pair for pair in scope["headers"] if pair[0] != b"x-stack"]
        name = dict(scope["headers"])[b"x-stack"].decode()
        scope = {**scope, "headers": headers}
    await applications[name](scope, receive, send)
