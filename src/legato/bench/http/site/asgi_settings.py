"""The same project for Django's own ASGI handler, as its documentation asks.

"When using ASGI, persistent connections should be disabled", says the page on
databases: a request's queries run on a thread of their own, whose connection nobody
would use again.
"""

from __future__ import annotations

from legato.bench.http.site import settings
from legato.bench.http.site.settings import *  # noqa: F403

DATABASES = {"default": settings.DATABASES["default"] | {"CONN_MAX_AGE": 0}}
