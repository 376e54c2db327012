"""Middleware made from the site's ``Layer`` specs, importable as ``layer_<n>``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import MiddlewareNotUsed

from tests.http.differential.hooks import add_hooks
from tests.http.differential.kinds import CLASSES, FUNCTIONS
from tests.http.differential.site import site
from tests.http.differential.specs import Layer
from tests.http.differential.steps import Steps

__all__ = ["PATH"]

PATH = f"{__name__}.layer_"


def build(layer: Layer, name: str) -> Any:
    """The factory that a settings module would name."""
    if layer.unused:
        return refuse
    steps = Steps(layer, name)
    if layer.kind in FUNCTIONS:
        return FUNCTIONS[layer.kind](steps)
    middleware = type(name, (CLASSES[layer.kind],), {"steps": steps})
    if layer.inline:
        middleware.runs = "either"  # type: ignore[attr-defined]
    add_hooks(middleware, layer, name)
    return middleware


def refuse(get_response: Any) -> Any:
    raise MiddlewareNotUsed("on purpose")


def __getattr__(name: str) -> Any:
    prefix, _, index = name.partition("_")
    if prefix != "layer" or not index.isdigit():
        raise AttributeError(name)
    layer = site.example.middleware[int(index)]
    assert isinstance(layer, Layer)
    return build(layer, f"layer{index}")
