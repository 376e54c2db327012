"""A project with the middleware that most others have; ``asgi.py`` sets which."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONCE, SELF

from compliance.middleware.project.stacks import EVERYTHING, stacks

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("PROJECT_FOLDER", "."))
"""Where its database and its collected static files are."""

SECRET_KEY = "a key for tests"
DEBUG = os.environ.get("PROJECT_DEBUG") == "1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INTERNAL_IPS = ["127.0.0.1"]
INSTALLED_APPS = [
    "legato",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "corsheaders",
    "csp",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "simple_history",
    "waffle",
    "compliance.middleware.project",
]
if DEBUG:
    INSTALLED_APPS.append("debug_toolbar")
MIDDLEWARE = stacks(debug=DEBUG)[EVERYTHING]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "compliance.middleware.project.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PROJECT_DATABASE", FOLDER / "db.sqlite3"),
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE"},
    }
}
# Tables straight from the models: migrations would take seconds.
MIGRATION_MODULES = dict.fromkeys(
    [
        "auth",
        "contenttypes",
        "sessions",
        "account",
        "axes",
        "otp_static",
        "waffle",
    ]
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_REDIRECT_URL = "/sync/page"
STATIC_URL = "/static/"
STATIC_ROOT = FOLDER / "static"
STATICFILES_DIRS = [HERE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
LEGATO = {"HANDLER": os.environ.get("PROJECT_HANDLER", "legato")}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "nobody": {"class": "logging.NullHandler"},
    },
    "loggers": {
        "django.request": {"handlers": ["console"], "level": "ERROR"},
        "django.security.DisallowedHost": {"handlers": ["nobody"], "propagate": False},
    },
}

ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_FAILURE_LIMIT = 2
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {"default-src": [SELF], "script-src": [SELF, NONCE]}
}
CORS_ALLOWED_ORIGINS = ["https://friend.example"]
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = ["X-Exposed"]
CORS_URLS_REGEX = r"^/(sync|async)/"
WAFFLE_MAX_AGE = 3600
