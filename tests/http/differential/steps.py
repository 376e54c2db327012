"""What a layer does, whatever way its middleware is written.

On the way in it does its actions, one of which may answer or raise; on the way out it
does something to the response:

- "header", "cookie", "vary": sets one.
- "replace": gives another response, and abandons the first.
- "none": gives None, which is a mistake.
- "wrap": edits the content, or wraps the iterator of a streaming response.
- "raise X", or an action such as "query".
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from tests.http.differential.actions import act, perform
from tests.http.differential.journal import Runs, leave_trail, note
from tests.http.differential.specs import Layer

__all__ = ["Steps"]


class Steps:
    """What a layer does on the way in and out, whatever its kind."""

    def __init__(self, layer: Layer, name: str) -> None:
        self.layer, self.name = layer, name

    def enter(self, request: HttpRequest, runs: Runs) -> HttpResponse | None:
        note(f"{self.name} in", runs)
        leave_trail(self.name)
        return act(self.layer.request, request, runs)

    async def aenter(self, request: HttpRequest, runs: Runs) -> HttpResponse | None:
        note(f"{self.name} in", runs)
        leave_trail(self.name)
        return await perform(self.layer.request, request, runs)

    def leave(self, request: HttpRequest, response: Any, runs: Runs) -> Any:
        note(f"{self.name} out {response.status_code}", runs)
        act(self.layer.response, request, runs)
        return self.edit(response)

    async def aleave(self, request: HttpRequest, response: Any, runs: Runs) -> Any:
        note(f"{self.name} out {response.status_code}", runs)
        await perform(self.layer.response, request, runs)
        return self.edit(response)

    def edit(self, response: Any) -> Any:
        for action in self.layer.response:
            match action:
                case "header":
                    response[f"X-{self.name}"] = "passed"
                case "cookie":
                    response.set_cookie(self.name, "passed")
                case "vary":
                    patch_vary_headers(response, ["Accept-Language"])
                case "wrap":
                    wrap(response, self.name)
                case "replace":
                    response = HttpResponse(f"replaced by {self.name}", status=202)
                case "none":
                    return None
        return response


def wrap(response: Any, name: str) -> None:
    mark = f"[{name}]".encode()
    if not response.streaming:
        response.content = mark + response.content
        return
    pieces = response.streaming_content
    if response.is_async:

        async def wrapped() -> Any:
            async for piece in pieces:
                yield mark + piece

        response.streaming_content = wrapped()
    else:
        response.streaming_content = (mark + piece for piece in pieces)
