"""A bounded pool of worker threads, each leased to one piece of work at a time.

Django's ORM is thread-sensitive: what belongs together has to run on one thread.
Asgiref's own choice is one thread for the whole process, so that every user waits
for every other, or a new thread and a new database connection per context. A lease
gives a piece of work (a hook, a request) one thread of a standing pool: the same one
throughout, taken when the first synchronous call needs it and given back at the end,
with its database connection kept or closed as ``CONN_MAX_AGE`` says.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from asgiref.sync import ThreadSensitiveContext
from django.db import close_old_connections

__all__ = ["Lease", "ThreadPool", "pool"]

T = TypeVar("T")

POOL_SIZE = 16
"""Threads for hooks; most of their time they wait for the database."""


class ThreadPool:
    """At most ``size`` threads, started when first needed."""

    def __init__(self, size: int = POOL_SIZE) -> None:
        self._size = size
        self._started = 0
        self._free: list[Worker] = []
        self._waiting: deque[Lease] = deque()
        self._lock = threading.Lock()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Lease]:
        """Run all thread-sensitive calls of this block on one thread of the pool."""
        lease = Lease(self)
        try:
            async with ThreadSensitiveContext(executor=lease):
                yield lease
        finally:
            lease.release()

    def acquire(self, lease: Lease) -> None:
        """Give ``lease`` a thread, at once or when one becomes free."""
        with self._lock:
            if self._free:
                thread = self._free.pop()
            elif self._started < self._size:
                self._started += 1
                thread = Worker(f"legato-{self._started}")
            else:
                self._waiting.append(lease)
                return
        lease.start(thread)

    def forget(self, lease: Lease) -> None:
        """A lease that waited for a thread needs none any more."""
        with self._lock, contextlib.suppress(ValueError):
            self._waiting.remove(lease)

    def give_back(self, thread: Worker) -> None:
        with self._lock:
            if not self._waiting:
                self._free.append(thread)
                return
            lease = self._waiting.popleft()
        lease.start(thread)


class Lease(Executor):
    """An executor of one thread that is taken from the pool at the first call."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._thread: Worker | None = None
        self._queue: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._asked = False
        self._lock = threading.Lock()
        self._released = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        call = partial(fn, *args, **kwargs)
        with self._lock:
            if self._released:
                raise RuntimeError("This lease of a thread has ended.")
            if self._thread is not None:
                self._thread.put(future, call)
                return future
            self._queue.append((future, call))
            asked, self._asked = self._asked, True
        if not asked:
            self._pool.acquire(self)
        return future

    def start(self, thread: Worker) -> None:
        """The pool has a thread: run what has waited for it."""
        with self._lock:
            if not self._released:
                self._thread = thread
                thread.submit(close_old_connections)
                for future, function in self._queue:
                    thread.put(future, function)
                self._queue.clear()
                return
        self._pool.give_back(thread)

    def release(self) -> None:
        """Give the thread back once it has finished what it was given."""
        with self._lock:
            self._released = True
            thread, self._thread = self._thread, None
            abandoned = [future for future, _ in self._queue]
            self._queue.clear()
        for future in abandoned:
            future.cancel()
        if thread is None:
            self._pool.forget(self)
        else:
            done = thread.submit(close_old_connections)
            done.add_done_callback(lambda _: self._pool.give_back(thread))


class Worker:
    """One thread. A daemon, so that a hook that hangs does not keep the process."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, function: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self.put(future, function)
        return future

    def put(self, future: Future[T], function: Callable[[], T]) -> None:
        """Have ``function`` called and ``future`` told the result."""
        self._calls.put((future, function))

    def _run(self) -> None:
        while True:
            _work(*self._calls.get())


def _work(future: Future[T], function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


pool = ThreadPool()
"""The process's threads."""
