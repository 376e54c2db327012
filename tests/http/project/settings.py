"""Settings of the server processes that these tests start, set by the environment."""

from __future__ import annotations

import json
import os
from typing import Any

from tests import settings
from tests.settings import *  # noqa: F403

DATABASES: dict[str, Any] = {  # type: ignore[no-redef]
    "default": json.loads(os.environ["TEST_POSTGRESQL"])
}
LEGATO = json.loads(os.environ.get("TEST_LEGATO", "{}"))
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.http.project"]
MIDDLEWARE = [
    *settings.MIDDLEWARE,
    *json.loads(os.environ.get("TEST_MIDDLEWARE", "[]")),
]
ASGI_APPLICATION = "tests.http.project.asgi.application"
ROOT_URLCONF = "tests.http.project.urls"

# Tables straight from the models: migrations would take a second.
MIGRATION_MODULES = dict.fromkeys(["auth", "contenttypes", "sessions"])
DATA_UPLOAD_MAX_MEMORY_SIZE = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
