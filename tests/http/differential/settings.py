"""The settings under which an example is served."""

from __future__ import annotations

from typing import Any

import django

from tests.http.differential.layers import PATH
from tests.http.differential.specs import Example

__all__ = ["DJANGO", "NEEDS", "SETTINGS", "STARTPROJECT", "settings_of"]

DJANGO = {
    "UpdateCache": "django.middleware.cache.UpdateCacheMiddleware",
    "Security": "django.middleware.security.SecurityMiddleware",
    "GZip": "django.middleware.gzip.GZipMiddleware",
    "Session": "django.contrib.sessions.middleware.SessionMiddleware",
    "ConditionalGet": "django.middleware.http.ConditionalGetMiddleware",
    "Locale": "django.middleware.locale.LocaleMiddleware",
    "Common": "django.middleware.common.CommonMiddleware",
    "Csrf": "django.middleware.csrf.CsrfViewMiddleware",
    "Authentication": "django.contrib.auth.middleware.AuthenticationMiddleware",
    "LoginRequired": "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "Message": "django.contrib.messages.middleware.MessageMiddleware",
    "XFrameOptions": "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "FetchFromCache": "django.middleware.cache.FetchFromCacheMiddleware",
}
"""Django's own middleware, in the order that its documentation asks for."""

if django.VERSION >= (6, 0):
    DJANGO["CSP"] = "django.middleware.csp.ContentSecurityPolicyMiddleware"

STARTPROJECT = (
    "Security",
    "Session",
    "Common",
    "Csrf",
    "Authentication",
    "Message",
    "XFrameOptions",
)
"""What ``startproject`` writes."""

NEEDS = {
    "Authentication": "Session",
    "LoginRequired": "Authentication",
    "Message": "Session",
    "FetchFromCache": "UpdateCache",
    "UpdateCache": "FetchFromCache",
}
"""What else has to be there."""

PAGES = {
    "page.html": "<h1>{{ name }}</h1>{% if show %}{{ show|default:'' }}{% endif %}",
    "broken.html": "{{ name }}{% include name|add:1 %}{% include nothing %}",
}

SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "tests.http.differential.urls",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", PAGES)],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
    "CACHES": {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "differential",
        }
    },
    "LANGUAGES": [("en", "English"), ("de", "Deutsch"), ("fr", "Français")],
    "FILE_UPLOAD_MAX_MEMORY_SIZE": 2_000,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 4_000,
    "SECURE_CONTENT_TYPE_NOSNIFF": True,
    "SECURE_CSP": {"default-src": ["'self'"]},
}
"""For all examples."""


def settings_of(example: Example) -> dict[str, Any]:
    """For one of them."""
    paths, inline = [], []
    for n, layer in enumerate(example.middleware):
        if isinstance(layer, str):
            paths.append(DJANGO[layer])
            continue
        paths.append(f"{PATH}{n}")
        if layer.inline:
            inline.append(paths[-1])
    return {
        "MIDDLEWARE": paths,
        "DEBUG": example.debug,
        "DEBUG_PROPAGATE_EXCEPTIONS": example.propagate,
        "LEGATO": {"INLINE_MIDDLEWARE": inline},
        "SESSION_ENGINE": f"django.contrib.sessions.backends.{example.session_engine}",
    }
