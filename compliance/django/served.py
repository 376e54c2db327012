"""Django's sync test client in front of a whole ASGI handler, as a server has it.

The handler runs on a standing loop in another thread. It is given the request object
that the client has made, and the test gets the response object that the view has made;
in between, both go the handler's way: threads, signals and ASGI messages.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Coroutine
from typing import Any, ClassVar

from asgiref.sync import SyncToAsync, _restore_context
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIRequest
from django.test.client import ClientHandler, conditional_content_removal
from django.urls import get_script_prefix

from compliance.django.lending import loan

__all__ = ["GivenRequests", "ServedClient"]

Message = dict[str, Any]


class GivenRequests(ASGIHandler):
    """Mixed into a handler: finds the request in the scope."""

    def create_request(self, scope: Any, body_file: Any) -> Any:
        return scope["request"], None


class ServedClient(ClientHandler):
    """In the place of ``ClientHandler``.

    Attributes:
        handler_class: Has ``GivenRequests`` mixed in.
    """

    handler_class: ClassVar[type[GivenRequests]]
    _handler: GivenRequests | None = None

    def __call__(self, environ: dict[str, Any]) -> Any:
        if self._handler is None:
            self._handler = self.handler_class()
        request: Any = WSGIRequest(environ)
        request._dont_enforce_csrf_checks = not self.enforce_csrf_checks
        scope = {
            "type": "http",
            "path": request.path,
            "root_path": get_script_prefix(),
            "request": request,
        }
        with loan.offer():
            messages = server.run(exchange(self._handler, scope))
        response = request.answer
        check(messages, request, response)
        if response.streaming:
            restore(response, messages)
        conditional_content_removal(request, response)
        response.wsgi_request = request
        return response


async def exchange(handler: ASGIHandler, scope: dict[str, Any]) -> list[Message]:
    """The messages of the handler to a client that stays until the end."""
    received = [{"type": "http.request"}]
    sent: list[Message] = []

    async def receive() -> Any:
        if not received:
            await asyncio.Event().wait()
        return received.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    return sent


def check(messages: list[Message], request: Any, response: Any) -> None:
    """Do the messages say what the response says?"""
    start, *bodies = messages
    headers = [
        (name.encode("ascii"), value.encode("latin-1"))
        for name, value in response.items()
    ]
    headers += [
        (b"Set-Cookie", cookie.OutputString().encode("ascii"))
        for cookie in response.cookies.values()
    ]
    assert start == {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers,
    }
    more = [message.get("more_body", False) for message in bodies]
    assert more == [True] * (len(bodies) - 1) + [False], bodies
    body = b"".join(message.get("body", b"") for message in bodies)
    if not response.streaming and not (request.method == "HEAD" and not body):
        assert body == response.content, (body, response.content)


def restore(response: Any, messages: list[Message]) -> None:
    """Let the test iterate over a stream that has been sent."""
    pieces = [message["body"] for message in messages[1:] if message.get("body")]
    response._iterator = aiterate(pieces) if response.is_async else iter(pieces)


async def aiterate(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Server:
    """An event loop in a thread of its own, started when first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The result, made in a copy of the caller's context.

        Language, time zone and the like are the test's, but nothing of it is known to
        run below ``async_to_sync`` or in a thread of somebody.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            forever = self._loop.run_forever
            threading.Thread(target=forever, name="server", daemon=True).start()
        context = contextvars.Context()
        for variable, value in contextvars.copy_context().items():
            if variable not in OF_THREADS:
                context.run(variable.set, value)

        async def run() -> Any:
            # This is how asgiref takes a context to another thread.
            _restore_context(context)
            return await coroutine

        submit = asyncio.run_coroutine_threadsafe
        return contextvars.Context().run(submit, run(), self._loop).result()


OF_THREADS = (SyncToAsync.thread_sensitive_context, SyncToAsync.deadlock_context)

server = Server()
