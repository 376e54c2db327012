"""Each page in both kinds: ``/sync/…`` and ``/async/…``."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from compliance.servers.site import views


def both(route: str, sync: str) -> list[URLPattern]:
    """The view called ``sync``, and its async twin with an "a" in front."""
    return [
        path(f"sync/{route}", csrf_exempt(getattr(views, sync))),
        path(f"async/{route}", csrf_exempt(getattr(views, f"a{sync}"))),
    ]


urlpatterns = [
    *both("echo", "echo"),
    *both("echo/<path:rest>", "echo"),
    *both("fails", "fails"),
    *both("file", "file"),
    *both("stream/<name>", "stream"),
    *both("flood/<name>", "flood"),
    *both("many", "many"),
    *both("breaks", "breaks"),
    *both("waits/<name>", "waits"),
    path("cookies", views.cookies),
    path("without-body/<int:status>", views.without_body),
    path("events/<name>", views.events),
    path("flags/<name>", csrf_exempt(views.flag)),
    path("publish/<channel>", views.publish),
]
