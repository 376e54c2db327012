"""The sync lane: a request whole on one thread, in one hop."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

from asgiref.sync import SyncToAsync, _restore_context
from django.core.exceptions import RequestAborted
from django.http import FileResponse

from legato.exceptions import PoolTimeout
from legato.http import caches
from legato.http.messages import start_message
from legato.http.streaming import close
from legato.threads import Lease, ThreadPool
from legato.threads.connections import tidy
from legato.types import Message, Receive

__all__ = ["Answer", "Hop", "bring_locals_here"]

logger = logging.getLogger("legato.http")

T = TypeVar("T")

LISTEN_AFTER = 1.0
"""Seconds in the queue until it is worth a task to notice that the client left."""


class Answer(NamedTuple):
    """A response as it comes back from the thread.

    Attributes:
        start: Its first message; empty if it streams, and so is the content.
        lease: Then the thread's; None otherwise, for the thread closes the response.
    """

    response: Any
    start: Message
    content: bytes
    lease: Lease | None


class Hop:
    """A job for the pool: makes the response, hands it to the loop, closes it.

    The response is closed on its thread while the loop sends it.

    Args:
        respond: Makes the response.
        timeout: Seconds to wait for a thread.

    Attributes:
        context: What the response was made in; its stream goes on in it.
        is_withdrawn: True once it is certain that it will not run.
        is_gone: True if the client is known to have left.
    """

    def __init__(
        self, pool: ThreadPool, respond: Callable[[], Any], timeout: float
    ) -> None:
        self.context = contextvars.copy_context()
        self.is_withdrawn = False
        self.is_gone = False
        self._listener: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._pool = pool
        self._respond = respond
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Answer] = self._loop.create_future()
        self._is_closed = False
        self._close_error: BaseException | None = None
        self._close_waiter: asyncio.Future[None] | None = None

    async def answer(self, receive: Receive) -> Answer:
        """Have it run on a thread, and wait for the response.

        Raises:
            PoolTimeout: no thread became free in time.
            RequestAborted: the client went away before there was one.
        """
        self._pool.submit(self)
        expiry = self._loop.call_later(self._timeout, self._expire)
        listening = self._loop.call_later(LISTEN_AFTER, self._listen, receive)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self._cancel_tasks()
            raise
        finally:
            expiry.cancel()
            listening.cancel()
            if self._listener is not None:
                self._listener.cancel()
            self._withdraw()

    async def closed(self) -> None:
        """Wait until the thread has closed the response; raises what that raised."""
        if not self._is_closed:
            self._close_waiter = self._loop.create_future()
            # The thread looks for a waiter after it has said that it is done.
            if not self._is_closed:
                await self._close_waiter
        if self._close_error is not None:
            raise self._close_error

    def __call__(self) -> bool:
        """On a thread: the whole request, or all but its stream."""
        answer = self.run(self._make_response)
        if answer is None or answer.lease is None:
            return False
        # A stream goes on in the context, which this thread has only left by now.
        if self._tell(self._deliver, answer):
            return answer.lease.settle()
        self.run(partial(close, answer.response))
        return False

    def run(self, function: Callable[[], T]) -> T:
        """On a thread: call ``function`` in the context of the request."""
        enter_thread(self._loop, self._tasks)
        return self.context.run(self._run_here, function)

    def _run_here(self, function: Callable[[], T]) -> T:
        bring_locals_here(self.context)
        return function()

    def _make_response(self) -> Answer | None:
        """An answer that streams, or None: the rest is told and done here."""
        caches.lend()
        response = None
        try:
            response = self._respond()
            answer = self._answer_with(response)
        except BaseException as error:
            self._tell(self._fail, error)
        else:
            if answer.lease is not None:
                caches.keep(streaming=True)
                return answer
            self._tell(self._deliver, answer)
        if response is None:
            tidy()
        else:
            self._close(response)
        caches.keep(streaming=False)
        return None

    def _answer_with(self, response: Any) -> Answer:
        if response.streaming:
            is_file = isinstance(response, FileResponse)
            lease = Lease.of_this_thread(streams=not is_file)
            return Answer(response, {}, b"", lease)
        return Answer(response, start_message(response), response.content, None)

    def _close(self, response: Any) -> None:
        try:
            response.close()
        except BaseException as error:
            self._close_error = error
        self._is_closed = True
        if self._close_waiter is not None:
            self._tell(self._wake, self._close_waiter)

    def _tell(self, callback: Callable[[Any], None], value: Any) -> bool:
        """Call back on the loop; False if it has been closed meanwhile."""
        try:
            self._loop.call_soon_threadsafe(callback, value)
        except RuntimeError:
            return False
        return True

    def _deliver(self, answer: Answer) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)
        elif answer.lease is not None:
            # Nobody waits any more, so nobody will stream it.
            lease = answer.lease
            closed = lease.submit(self.run, partial(close, answer.response))
            closed.add_done_callback(lambda _: lease.end())

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, StopIteration):
            # A future cannot raise it: coroutines would take it for their end.
            error = RuntimeError(f"StopIteration was raised: {error}")
        if not self._answer.done():
            self._answer.set_exception(error)
        elif not isinstance(error, RequestAborted):
            logger.error("A request failed that nobody waits for.", exc_info=error)

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    def _expire(self) -> None:
        if self._withdraw():
            self._fail(PoolTimeout(self._pool.size, self._timeout))

    def _listen(self, receive: Receive) -> None:
        self._listener = self._loop.create_task(
            self._notice_disconnect(receive), name="legato-listen"
        )

    async def _notice_disconnect(self, receive: Receive) -> None:
        with suppress(Exception):  # a server that fails here fails elsewhere too
            message = await receive()
            # Some servers say it only once.
            self.is_gone = message["type"] == "http.disconnect"
            if self.is_gone and not self._withdraw():
                self._cancel_tasks()
            elif self.is_gone:
                self._fail(RequestAborted())

    def _cancel_tasks(self) -> None:
        """Those the thread is waiting for, perhaps an async view."""
        for task in self._tasks:
            task.cancel()

    def _withdraw(self) -> bool:
        """True if this no longer waits for a thread, and never had one."""
        if self._pool.withdraw(self):
            self.is_withdrawn = True
            return True
        return False


def enter_thread(
    loop: asyncio.AbstractEventLoop, tasks: list[asyncio.Task[Any]]
) -> None:
    """Let ``async_to_sync`` on this thread run on ``loop``, as under asgiref's own.

    Args:
        tasks: Where asgiref puts the task that the thread is waiting for.
    """
    local = SyncToAsync.threadlocal
    local.main_event_loop = loop
    local.main_event_loop_pid = os.getpid()
    local.task_context = tasks


def bring_locals_here(context: contextvars.Context) -> None:
    """Make asgiref's ``Local`` values of the current context visible on this thread.

    They belong to the thread that set them until somebody moves them: languages, time
    zones, the prefix of the URLs.
    """
    _restore_context(context)
