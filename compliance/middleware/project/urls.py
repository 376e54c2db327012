"""Each page in both kinds, ``/sync/…`` and ``/async/…``, and those of allauth."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import include, path

from compliance.middleware.project import views

PAGES = [
    "page",
    "data",
    "form",
    "sign_in",
    "notes",
    "queries",
    "flag",
    "fragment",
    "stream",
    "denied",
    "missing",
    "fails",
]

urlpatterns: list[Any] = [path("accounts/", include("allauth.urls"))]
for name in PAGES:
    for kind, view in (("sync", name), ("async", f"a{name}")):
        urlpatterns.append(path(f"{kind}/{name}", getattr(views, view), name=view))

if settings.DEBUG:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
