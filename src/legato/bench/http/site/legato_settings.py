"""The same project with Legato installed."""

from __future__ import annotations

from legato.bench.http.site import settings
from legato.bench.http.site.settings import *  # noqa: F403

INSTALLED_APPS = ["legato", *settings.INSTALLED_APPS]
