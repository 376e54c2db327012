"""The URLconf of the site that is being served."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

from tests.http.differential.journal import note
from tests.http.differential.site import site
from tests.http.differential.specs import View
from tests.http.differential.views import make_view

__all__ = ["error_handler", "patterns"]


def patterns(view: View, other: View) -> list[Any]:
    return [path("view/", make_view(view)), path("other/", make_view(other))]


def handle_error(request: Any, exception: Exception | None = None) -> HttpResponse:
    note(f"error handler {exception!r}", "apart")
    return HttpResponse("the site's own error page", status=418)


def fail_again(request: Any, exception: Exception | None = None) -> HttpResponse:
    note(f"failing error handler {exception!r}", "apart")
    raise LookupError("in the error handler")


HANDLERS = {"own": handle_error, "failing": fail_again}


def error_handler(name: str) -> Any:
    """``handler404`` and the like, if the site has its own."""
    is_handler = name.removeprefix("handler") in {"400", "403", "404", "500"}
    if not is_handler or site.example.errors not in HANDLERS:
        raise AttributeError(name)
    return HANDLERS[site.example.errors]


def __getattr__(name: str) -> Any:
    if name == "urlpatterns":
        return patterns(site.example.view, site.example.other)
    return error_handler(name)
