"""Legato's handler."""

from __future__ import annotations

from legato.asgi import get_asgi_application

application = get_asgi_application()
