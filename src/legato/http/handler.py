"""The ASGI handler: picks a lane for each request and sends the response."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import Any

from asgiref.sync import AsyncToSync, ThreadSensitiveContext, sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers import asgi
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_finished, request_started
from django.http import FileResponse, HttpRequest
from django.urls import set_script_prefix

from legato.conf import get_settings
from legato.exceptions import PoolTimeout
from legato.http.bodies import read_body
from legato.http.disconnects import ClientWatch
from legato.http.errors import unavailable
from legato.http.hop import Answer, Hop, bring_locals_here
from legato.http.lanes import Lanes
from legato.http.messages import body_messages, start_message
from legato.http.signals import aclose, announce
from legato.http.streaming import aclose_iterator, close, stream
from legato.threads import Lease, LeaseContext, pool
from legato.types import Message, Receive, Send

__all__ = ["Handler"]

NO_BODY: Message = {"type": "http.response.body"}


class Handler(Lanes, ASGIHandler):
    """Django's ASGI handler with two lanes.

    A subclass that makes or sends responses in its own way gets the async lane for
    all its requests, where that is called as in ``ASGIHandler``.
    """

    def __init__(self) -> None:
        super().__init__()
        kind: Any = type(self)
        if (
            kind.send_response is not Handler.send_response
            or kind.get_response_async is not Lanes.get_response_async
            or kind.run_get_response is not ASGIHandler.run_get_response
        ):
            self.sync_chain = None
        # Receivers may have asked for the signals of Django's handler.
        self._sender = ASGIHandler if kind is Handler else kind
        # Monitors such as Sentry's put theirs in the place of Django's.
        call: Any = vars(ASGIHandler)["__call__"]
        self._is_monitored = (
            type(call) is not FunctionType or call.__code__.co_filename != asgi.__file__
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_monitored:
            await super().__call__(scope, receive, send)
        else:
            await self.handle(scope, receive, send)

    async def handle(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if is_guest():
            async with ThreadSensitiveContext():
                await super().handle(scope, receive, send)
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        request, refusal = self.create_request(scope, body)
        if request is None:
            body.close()
            await self._refuse(scope, refusal, send)
        elif self.takes_sync_lane(request):
            await self._serve_sync(scope, request, receive, send)
        else:
            await self._serve_async(scope, request, receive, send)

    async def read_body(self, receive: Receive) -> Any:
        return await read_body(receive)

    async def send_response(self, response: Any, send: Send) -> None:
        """Send all of a response."""
        await send(start_message(response))
        if response.streaming:
            await stream(response, send)
        else:
            for message in body_messages(response.content):
                await send(message)

    async def _send(self, request: HttpRequest, response: Any, send: Send) -> None:
        if request.method == "HEAD":
            await send(start_message(response))
            await send(NO_BODY)
            await aclose_iterator(response)
        else:
            await self.send_response(response, send)

    async def _serve_sync(
        self, scope: Any, request: HttpRequest, receive: Receive, send: Send
    ) -> None:
        respond = partial(self._respond, scope, request)
        hop = Hop(pool, respond, get_settings().thread_timeout)
        try:
            answer = await hop.answer(receive)
        except PoolTimeout as timeout:
            await self.send_response(unavailable(request, timeout), send)
            return
        except RequestAborted:
            return
        finally:
            if hop.is_withdrawn:
                request.close()
        if answer.lease is not None:
            await self._stream_leased(request, hop, answer, receive, send)
            return
        content = b"" if request.method == "HEAD" else answer.content
        with suppress(OSError):  # as ASGI has it: the client is gone
            await send(answer.start)
            for message in body_messages(content):
                await send(message)
        await hop.closed()

    def _respond(self, scope: Any, request: HttpRequest) -> Any:
        """In a thread: the response, as under WSGI."""
        assert self.sync_chain is not None
        try:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=self._sender, scope=scope)
            response = self.sync_chain.get_response(request)
        except BaseException:
            request.close()
            raise
        response._handler_class = self._sender  # type: ignore[attr-defined]
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return response

    async def _stream_leased(
        self,
        request: HttpRequest,
        hop: Hop,
        answer: Answer,
        receive: Receive,
        send: Send,
    ) -> None:
        """Stream what a view of the sync lane returned, in the context it has left."""
        response, lease = answer.response, answer.lease
        assert lease is not None

        async def run() -> None:
            if hop.is_gone:
                return
            bring_locals_here(hop.context)
            with LeaseContext(lease), ClientWatch(receive), suppress(RequestAborted):
                await self._send(request, response, send)

        try:
            await asyncio.create_task(run(), context=hop.context)
        finally:
            closed = lease.submit(hop.run, partial(close, response))
            closed.add_done_callback(lambda _: lease.end())
            await asyncio.shield(closed)

    async def _serve_async(
        self, scope: Any, request: HttpRequest, receive: Receive, send: Send
    ) -> None:
        lease = Lease(pool, get_settings().thread_timeout)
        try:
            with LeaseContext(lease):
                await self._answer(scope, request, lease, receive, send)
        finally:
            lease.end()

    async def _answer(
        self,
        scope: Any,
        request: HttpRequest,
        lease: Lease,
        receive: Receive,
        send: Send,
    ) -> None:
        response: Any = None
        watch = ClientWatch(receive)
        try:
            set_script_prefix(get_script_prefix(scope))
            await announce(request_started, self._sender, scope=scope)
            with watch:
                response = await self.run_get_response(request)
                response._handler_class = self._sender
                is_file = isinstance(response, FileResponse)
                lease.park(streams=response.streaming and not is_file)
                with suppress(RequestAborted):
                    await self._send(request, response, send)
        except PoolTimeout as timeout:
            # In the chain it is a response already.
            await self._send(request, unavailable(request, timeout), send)
        finally:
            lease.park()
            if response is not None:
                await aclose(request, response, may_block=lease.is_busy)
            else:
                # What still runs in a thread may read the body.
                if lease.is_busy:
                    await sync_to_async(request.close)()
                else:
                    request.close()
                if watch.is_gone:
                    await announce(request_finished, self._sender)

    async def _refuse(self, scope: Any, refusal: Any, send: Send) -> None:
        """Answer what is no proper request."""
        with pool.lease():
            set_script_prefix(get_script_prefix(scope))
            await announce(request_started, self._sender, scope=scope)
            await self.send_response(refusal, send)
            await sync_to_async(refusal.close)()


def is_guest() -> bool:
    """Does sync code wait for this one, below ``async_to_sync``?

    Then Django's promise is that thread-sensitive code runs on that very thread: that
    of a test, for example, with its transaction.
    """
    return getattr(AsyncToSync.executors, "current", None) is not None
