"""A small Django project that the tests run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SECRET_KEY = "a key for tests"
DEBUG = os.environ.get("TEST_DEBUG") == "1"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
INSTALLED_APPS = [
    "legato",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "tests.site",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.site.urls"
ASGI_APPLICATION = "tests.site.asgi.application"
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A file, because worker threads have connections of their own.
DATABASE_PATH = os.environ.get(
    "TEST_DATABASE", str(Path(tempfile.gettempdir()) / f"legato-{os.getpid()}.sqlite3")
)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE_PATH,
        "TEST": {"NAME": DATABASE_PATH},
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE"},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LEGATO: dict[str, object] = {}
