"""A bounded pool of worker threads."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from weakref import WeakSet

from asgiref.sync import SyncToAsync

from legato.conf import get_settings
from legato.threads.connections import end_forgotten
from legato.threads.lease import Lease, LeaseContext

__all__ = ["Job", "ThreadPool", "Worker", "pool"]

logger = logging.getLogger("legato.threads")

Job = Callable[[], bool]
"""What runs whole on a thread. True if a lease keeps it, which will give it back."""


class ThreadPool:
    """At most ``size`` threads, started when first needed.

    Jobs wait in one queue, and at most one thread is being woken for them at a time:
    it takes a job, and wakes the next thread if there are more. So jobs that only
    compute run one after the other on a warm thread, instead of many threads waking
    up to queue for the interpreter; as soon as one waits for a database, the next
    thread goes on.

    Args:
        size: ``THREADS`` of the settings if left out.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size
        self._started = 0
        self._free: list[Worker] = []
        self._waiting: dict[Job, None] = {}
        self._is_waking = False
        self._lock = threading.Lock()
        _pools.add(self)

    @property
    def size(self) -> int:
        return self._size or get_settings().threads

    @property
    def busy(self) -> int:
        """Threads that have something to do, or are leased."""
        return self._started - len(self._free)

    @property
    def waiting(self) -> int:
        """Jobs and leases that wait for a thread."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Have ``job`` run on a thread as soon as one is free."""
        with self._lock:
            self._waiting[job] = None
            try:
                self._wake_next()
            except RuntimeError:
                del self._waiting[job]
                raise

    def withdraw(self, job: Job) -> bool:
        """Take back a job that still waits; False if it is too late for that."""
        with self._lock:
            return self._waiting.pop(job, job) is None

    def acquire(self) -> Worker | None:
        """A thread of one's own, to be given back; None if all are busy."""
        with self._lock:
            return self._find_free()

    def give_back(self, worker: Worker) -> None:
        """A thread is free, for what has waited longest."""
        with self._lock:
            if not self._waiting:
                self._free.append(worker)
                return
        worker.put(partial(self._work, worker))

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Run all thread-sensitive calls of this block on one thread of the pool.

        In an async view, that is the thread of its request, given back at the end of
        the block although the view goes on: to wait for something else, perhaps.

        Raises:
            PoolTimeout: a call found no thread within ``THREAD_TIMEOUT``.
        """
        around = SyncToAsync.thread_sensitive_context.get(None)
        if isinstance(around, LeaseContext):
            try:
                yield around.lease
            finally:
                around.lease.rest()
            return
        lease = Lease(self, get_settings().thread_timeout)
        try:
            with LeaseContext(lease):
                yield lease
        finally:
            lease.end()

    def _work(self, worker: Worker, woken: bool = False) -> None:
        """On a thread: what waits, one after the other."""
        while True:
            with self._lock:
                if woken:
                    self._is_waking = woken = False
                if not self._waiting:
                    self._free.append(worker)
                    return
                job = next(iter(self._waiting))
                del self._waiting[job]
                if self._waiting:
                    self._wake_next()
            if worker.run_job(job):
                return
            del job

    def _wake_next(self) -> None:
        """Have another thread look for a job; the lock is held."""
        if not self._is_waking and (worker := self._find_free()) is not None:
            self._is_waking = True
            worker.put(partial(self._work, worker, woken=True))

    def _find_free(self) -> Worker | None:
        """A thread, if there may be another; the lock is held.

        The one that was used last is taken first: it is warm, and under little load
        few threads hold database connections.
        """
        if self._free:
            return self._free.pop()
        if self._started >= self.size:
            return None
        try:
            worker = Worker(self, f"legato-{self._started + 1}")
        except RuntimeError:
            if not self._started:
                raise
            # The system gives no more: those there are have to do.
            logger.exception("Only %d threads could be started.", self._started)
            return None
        self._started += 1
        return worker


class Worker(threading.Thread):
    """A thread of a pool. A daemon, so that a call that hangs keeps no process."""

    def __init__(self, pool: ThreadPool, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.pool = pool
        self._calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.put = self._calls.put
        self.start()

    def run(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call()
            except BaseException:
                logger.exception("Something failed on thread %s.", self.name)
            del call

    def run_job(self, job: Job) -> bool:
        """True if a lease keeps the thread."""
        try:
            if job():
                return True
            end_forgotten()
        except BaseException:
            logger.exception("A job failed on thread %s.", self.name)
        return False


def _start_anew() -> None:
    """In a child process: the threads have stayed behind in the parent."""
    for pool in _pools:
        pool.__init__(pool._size)  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

_pools: WeakSet[ThreadPool] = WeakSet()

pool = ThreadPool()
"""The process's threads."""
