"""Response bodies that come in pieces, without holding a thread while they wait."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import aclosing, suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.http import StreamingHttpResponse

from legato.http.messages import body_messages
from legato.types import Message, Send

__all__ = ["aclose_iterator", "close", "stream"]

logger = logging.getLogger("legato.http")

AHEAD = 131_072
"""Bytes a sync iterator may be ahead of its client before it has to pause."""

TURN = 16
"""Messages after which other tasks get their turn, should ``send`` never wait."""


async def stream(response: Any, send: Send) -> None:
    """Send the body of a streaming response, piece by piece, and its end.

    A sync iterator is not closed here: ``close`` does that, in its thread.

    Raises:
        RequestAborted: the server says that the client is gone.
    """

    async def send_on(message: Message) -> None:
        try:
            await send(message)
        except OSError:  # as ASGI has it; the iterator may raise its own
            raise RequestAborted from None

    if _is_async(response):
        await _stream_async(response, send_on)
    else:
        await _stream_sync(response, send_on)
    await send_on({"type": "http.response.body"})


def close(response: Any) -> None:
    """Close a response, in a thread.

    An iterator without ``close()`` ends with the last reference to it. That has to be
    here: what it holds, a cursor perhaps, belongs to this thread.
    """
    response.close()
    if response.streaming and not _is_async(response):
        response._iterator = iter(())


async def aclose_iterator(response: Any) -> None:
    """Close what an async response iterates over.

    The response wraps what the view gave it, and nobody closes what is wrapped: it
    would be closed some time later, by a task without a thread.
    """
    aclose = getattr(getattr(response, "_iterator", None), "aclose", None)
    if aclose is not None:
        await aclose()


def _is_async(response: Any) -> bool:
    own = getattr(type(response), "__aiter__", None)
    is_custom = own is not StreamingHttpResponse.__aiter__
    return is_custom or bool(response.is_async)


async def _stream_async(response: Any, send: Send) -> None:
    sent = 0
    head = EarlyHead(send)
    try:
        async with aclosing(aiter(response)) as pieces:
            async for piece in pieces:
                if sent == 0:
                    await head.stop()
                for message in body_messages(piece, more_body=True):
                    await send(message)
                    sent += 1
                    if sent % TURN == 0:
                        await asyncio.sleep(0)
    finally:
        try:
            await aclose_iterator(response)
        finally:
            await head.stop()


async def _stream_sync(response: Any, send: Send) -> None:
    pump = Pump(iter(response))
    running = pump.start()
    done = False
    try:
        while True:
            await pump.wake.wait()
            pump.wake.clear()
            done = running.done()
            if pieces := pump.take():
                for message in body_messages(pieces, more_body=True):
                    await send(message)
            if done:
                running.result()
                if pump.exhausted:
                    return
                running = pump.start()
    finally:
        # The iterator cannot be closed, nor its thread be given back, while it runs.
        pump.stopped = True
        await asyncio.wait([running])
        if not done and (error := running.exception()) is not None:
            logger.error("A stream failed that nobody reads.", exc_info=error)
        if not pump.exhausted:
            await pump.close(getattr(response, "_iterator", None))
        pump.forget()


class EarlyHead:
    """Sends an empty piece if the first one is not there at once.

    Some servers hold the head of a response back until there is a body: an EventSource
    would wait for its first event to be open.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_sending = False
        self._task = asyncio.create_task(self._run(), name="legato-head")

    async def stop(self) -> None:
        if self._is_sending:
            await self._task
        else:
            self._task.cancel()

    async def _run(self) -> None:
        self._is_sending = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})


class Pump:
    """Pulls pieces in a thread as long as the client keeps up.

    The thread goes on pulling while the loop sends: it does not come back for each
    piece, and a piece does not wait for the next one. All of it runs in one context.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.exhausted = False
        self.stopped = False
        self.wake = asyncio.Event()
        self._pieces = pieces
        self._pulled: list[bytes] = []
        self._size = 0
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._pull_in_thread = sync_to_async(self._pull, context=self._context)

    def start(self) -> asyncio.Task[None]:
        """Pull until the client is behind or the iterator is exhausted."""
        task = self._loop.create_task(self._pull_in_thread(), name="legato-pump")
        task.add_done_callback(lambda _: self.wake.set())
        return task

    async def close(self, iterator: Any) -> None:
        """Close a generator in the context it has run in: it may reset variables."""
        if hasattr(iterator, "close"):
            with suppress(Exception):  # as response.close() has it
                await sync_to_async(iterator.close, context=self._context)()

    def forget(self) -> None:
        """Let go of the iterator: see ``close``."""
        self._pieces = iter(())

    def take(self) -> bytes:
        """What has been pulled and not been taken yet."""
        with self._lock:
            pulled, self._pulled, self._size = self._pulled, [], 0
        return b"".join(pulled)

    def _pull(self) -> None:
        if self.stopped:
            return
        for piece in self._pieces:
            with self._lock:
                is_first = not self._pulled
                self._pulled.append(piece)
                self._size += len(piece)
                behind = self._size >= AHEAD
            if is_first:
                self._loop.call_soon_threadsafe(self.wake.set)
            if behind or self.stopped:
                return
        self.exhausted = True
