"""process_view, process_exception and process_template_response of a layer."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse

from tests.http.differential.actions import act, perform
from tests.http.differential.journal import Runs, note
from tests.http.differential.specs import Layer

__all__ = ["add_hooks"]


def add_hooks(middleware: type, layer: Layer, name: str) -> None:
    """Give the class the hooks that its layer has."""
    make = async_hooks if layer.async_hooks else sync_hooks
    view, exception, template = make(layer, name)
    if layer.view is not None:
        middleware.process_view = view  # type: ignore[attr-defined]
    if layer.exception is not None:
        middleware.process_exception = exception  # type: ignore[attr-defined]
    if layer.template is not None:
        middleware.process_template_response = template  # type: ignore[attr-defined]


def sync_hooks(layer: Layer, name: str) -> Any:
    runs: Runs = "either" if layer.inline else "thread"

    def process_view(self: Any, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        note(f"{name} view", runs)
        return act(layer.view or (), request, runs)

    def process_exception(self: Any, request: Any, exception: Exception) -> Any:
        note(f"{name} exception {exception!r}", runs)
        return act(layer.exception or (), request, runs)

    def process_template_response(self: Any, request: Any, response: Any) -> Any:
        note(f"{name} template", runs)
        early = act(layer.template or (), request, runs)
        return early or changed(layer, name, response)

    return process_view, process_exception, process_template_response


def async_hooks(layer: Layer, name: str) -> Any:
    async def process_view(
        self: Any, request: Any, view: Any, args: Any, kwargs: Any
    ) -> Any:
        note(f"{name} view", "loop")
        return await perform(layer.view or (), request, "loop")

    async def process_exception(self: Any, request: Any, exception: Exception) -> Any:
        note(f"{name} exception {exception!r}", "loop")
        return await perform(layer.exception or (), request, "loop")

    async def process_template_response(self: Any, request: Any, response: Any) -> Any:
        note(f"{name} template", "loop")
        early = await perform(layer.template or (), request, "loop")
        return early or changed(layer, name, response)

    return process_view, process_exception, process_template_response


def changed(layer: Layer, name: str, response: Any) -> HttpResponse | None:
    """The template response as the layer's ``template`` says."""
    for action in layer.template or ():
        match action:
            case "none":
                return None
            case "context":
                response.context_data["name"] = name
            case "template":
                return TemplateResponse(response._request, "page.html", {"name": name})
    return response  # type: ignore[no-any-return]
