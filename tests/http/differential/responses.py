"""What views give: a table of responses, and the ways to give none."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http import StreamingHttpResponse as Stream
from django.template.response import TemplateResponse

from tests.http.differential import streams
from tests.http.differential.journal import current, note
from tests.http.differential.site import site

__all__ = ["ASYNC_ONLY", "RESPONSES", "respond"]


def respond(gives: str, request: Any) -> Any:
    """The response, with a note of its closing if anybody listens."""
    response = RESPONSES[gives](request)
    if response.streaming and not response.is_async:
        current().sync_stream = True
    if site.example.receivers:
        # What a cache keeps has to be picklable.
        response._resource_closers.append(partial(note, "response closed", "stream"))
    return response


def rendered(text: str) -> Any:
    """Called by the template."""
    note(f"rendering {text}", "thread")
    return text


def page(request: Any, template: str = "page.html") -> TemplateResponse:
    response = TemplateResponse(request, template, {"name": "page", "show": rendered})
    response.add_post_render_callback(after_rendering)
    return response


def after_rendering(response: Any) -> None:
    note(f"rendered {len(response.content)} bytes", "thread")


def file_on_disk(request: Any) -> FileResponse:
    file = Path(__file__).open("rb")  # noqa: SIM115 the response closes it
    current().expect_closed("file", file)
    return FileResponse(file, filename="page.txt")


def file_in_memory(request: Any) -> FileResponse:
    file = io.BytesIO(b"bytes " * 30_000)
    current().expect_closed("file", file)
    return FileResponse(file, as_attachment=True, filename="ä.bin")


RESPONSES: dict[str, Callable[[Any], Any]] = {
    "html": lambda request: HttpResponse("<p>hello</p>" * 30),
    "large": lambda request: HttpResponse(b"0123456789abcdef" * 12_500),
    "json": lambda request: JsonResponse({"method": request.method}),
    "empty": lambda request: HttpResponse(status=204),
    "redirect": lambda request: HttpResponseRedirect("/other/"),
    "404": lambda request: HttpResponse("not here", status=404),
    "503": lambda request: HttpResponse("later", status=503),
    "template": page,
    "broken template": partial(page, template="broken.html"),
    "no template": partial(page, template="missing.html"),
    "file on disk": file_on_disk,
    "file in memory": file_in_memory,
    "stream": lambda request: Stream(streams.pieces(3)),
    "stream of many": lambda request: Stream(streams.pieces(40)),
    "stream of none": lambda request: Stream(streams.pieces(0)),
    "stream that fails": lambda request: Stream(streams.failing_pieces()),
    "stream with close": lambda request: Stream(streams.Closeable()),
    "stream of rows": lambda request: Stream(streams.rows()),
    "stream in atomic": lambda request: Stream(streams.rows_in_transaction()),
    "stream that bridges": lambda request: Stream(streams.bridging_pieces()),
    "list": lambda request: Stream(["one ", b"two ", "three"]),
    "async stream": lambda request: Stream(streams.apieces(3)),
    "async stream of many": lambda request: Stream(streams.apieces(40)),
    "async stream that fails": lambda request: Stream(streams.afailing_pieces()),
    "async stream of rows": lambda request: Stream(streams.arows()),
    "async stream that bridges": lambda request: Stream(streams.abridging_pieces()),
    "async stream that waits": lambda request: Stream(streams.awaiting_pieces()),
}

ASYNC_ONLY = ("wait", "wait and answer")
"""Given by async views alone: they wait until the client has gone."""
