"""Every view twice, at ``/sync/<name>/`` and ``/async/<name>/``."""

from __future__ import annotations

from django.urls import path

from legato.bench.http.site import async_views, sync_views

urlpatterns = [
    path("sync/plain/", sync_views.plain),
    path("sync/session/", sync_views.session),
    path("sync/orm/", sync_views.orm),
    path("sync/template/", sync_views.template),
    path("async/plain/", async_views.plain),
    path("async/session/", async_views.session),
    path("async/orm/", async_views.orm),
    path("async/template/", async_views.template),
]
