"""The URLconf that middleware may choose: the same paths, the views exchanged."""

from __future__ import annotations

from typing import Any

from tests.http.differential.site import site
from tests.http.differential.urls import error_handler, patterns


def __getattr__(name: str) -> Any:
    if name == "urlpatterns":
        return patterns(site.example.other, site.example.view)
    return error_handler(name)
