"""One thread for all thread-sensitive calls of a request that runs on the loop.

To wake a thread costs more than most of what is done here, so a lease that leaves
nothing to be closed ends without its thread noticing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

from legato.exceptions import PoolTimeout
from legato.threads.connections import (
    Connections,
    call_when_finished,
    close_unfinished,
    exchange,
    has_unfinished_work,
    needs_closing,
    tidy,
)

if TYPE_CHECKING:
    from legato.threads.pool import ThreadPool, Worker

__all__ = ["Lease", "LeaseContext"]

logger = logging.getLogger("legato.threads")

T = TypeVar("T")


class LeaseContext(ThreadSensitiveContext):
    """Sends the thread-sensitive calls of its block to a lease.

    Asgiref's own context is for executors that end with it, and refuses the calls of
    tasks that outlive the block. A lease stays: it takes a thread for each of them.
    """

    def __init__(self, lease: Lease) -> None:
        super().__init__()
        self.lease = lease

    def __enter__(self) -> None:
        SyncToAsync.context_to_thread_executor[self] = self.lease
        self._token = SyncToAsync.thread_sensitive_context.set(self)

    def __exit__(self, *error: object) -> None:
        SyncToAsync.thread_sensitive_context.reset(self._token)


class Lease(Executor):
    """An executor of one thread that is taken from the pool at the first call.

    Args:
        timeout: Seconds a call may wait for a thread; None waits as long as it takes.
    """

    def __init__(self, pool: ThreadPool, timeout: float | None = None) -> None:
        self._pool = pool
        self._timeout = timeout
        self._worker: Worker | None = None
        self._early: list[_Call] = []  # calls made before there was a thread
        self._unfinished = 0
        self._is_clean = True
        self._waits = 0
        self._has_expired = False
        self._is_parked = False
        self._is_over = False
        self._is_leaving = False
        self._is_resting = False
        # While it is parked, the Django connections of its own, which are closed, and
        # those of the thread it is on.
        self._own: Connections = {}
        self._theirs: Connections | None = None
        self._travels = False
        self._lock = threading.Lock()

    def submit(  # type: ignore[override]
        self, fn: Callable[..., T], /, *args: Any, **kwargs: Any
    ) -> asyncio.Future[T]:
        """Have ``fn`` called on the lease's thread.

        The future is one of the running loop, which ``run_in_executor`` takes as it
        is: that saves a lock and three callbacks for each call. It raises
        ``PoolTimeout`` if no thread becomes free in time. Whoever has waited once in
        vain is not made to wait again.
        """
        call = _Call(self, partial(fn, *args, **kwargs))
        if self._worker is threading.current_thread():
            raise RuntimeError(
                "A loop of its own on the thread of a request cannot use that thread:"
                " call async code by async_to_sync instead of asyncio.run."
            )
        with self._lock:
            if self._has_expired and not self._is_parked:
                raise PoolTimeout(self._pool.size, self._timeout or 0.0)
            self._unfinished += 1
            if self._worker is not None:
                self._worker.put(call)
                return call.future
            self._early.append(call)
            self._is_over = False
            # A lease that is just leaving its thread looks for calls afterwards.
            asks = len(self._early) == 1 and not self._is_leaving
        if asks:
            self._ask()
        return call.future

    def park(self, *, streams: bool = False) -> None:
        """From now on keep the thread only while it is needed.

        Whoever streams waits for its client most of the time, and who has answered
        needs no thread at all. What is called later, by a stream or by a task that
        outlives its request, may run on another thread each time, and waits for one
        without a limit. It never sees the connections of that thread: another user's
        tenant or role may be set on them.

        Args:
            streams: Take the connections of the request along, closed while they are
                not used, with whatever middleware has set on them.
        """
        with self._lock:
            self._is_parked = True
            self._travels = self._travels or streams
            worker = self._worker
            if worker is None or self._unfinished:
                return
            if self._travels or not self._is_clean:
                worker.put(self.settle)
                return
            self._worker = None
        worker.pool.give_back(worker)

    def rest(self) -> None:
        """Give the thread back until the next call, unless something is open on it.

        What is set on the connections of the request goes along, as in a stream.
        """
        with self._lock:
            self._is_resting = self._travels = True
            if self._worker is not None and not self._unfinished:
                self._worker.put(self.settle)

    @classmethod
    def of_this_thread(cls, *, streams: bool) -> Lease:
        """A parked lease that has the thread of the current job.

        The job ends by returning ``lease.settle()``, which is True.
        """
        worker: Any = threading.current_thread()
        lease = cls(worker.pool)
        lease._worker = worker
        lease._is_parked = True
        lease._travels = streams
        return lease

    def end(self) -> None:
        """Give the thread back, whatever is open on it: nobody will go on with it.

        Tasks that outlive the request may still call: with that it is parked again.
        """
        self._is_over = True
        self.park()

    @property
    def is_busy(self) -> bool:
        """Is a call running, or sure to run, on its thread?"""
        return self._unfinished > len(self._early)

    def settle(self, finished: int = 0) -> bool:
        """On its thread, when that has finished a call: is it still needed?"""
        is_open, is_clean = _look_at_connections()
        with self._lock:
            self._unfinished -= finished
            worker = self._worker
            if worker is not threading.current_thread():
                return True  # it has been given back meanwhile
            self._is_clean = is_clean
            is_needed = is_open and not self._is_over
            if self._unfinished or not (self._is_parked or self._is_resting):
                return True
            if is_needed and self._is_resting:
                self._is_resting = False
                return True
            if is_needed:
                # Nobody may ever call again, and just let go of the cursor.
                call_when_finished(partial(worker.put, self.settle))
                return True
            self._worker = None
            self._is_leaving = True
        self._leave()
        with self._lock:
            self._is_leaving = False
            is_called = bool(self._early)
        if is_called:
            self._start(worker)
        else:
            worker.pool.give_back(worker)
        return True

    def _ask(self) -> None:
        """Take a thread, or wait for one."""
        try:
            worker = self._pool.acquire()
            if worker is not None:
                self._start(worker)
                return
            self._pool.submit(self._take)
        except RuntimeError:  # there is no thread, and the system gives none
            with self._lock:
                self._unfinished -= len(self._early)
                self._early.clear()
            raise
        if self._timeout is not None and not self._is_parked:
            loop = asyncio.get_running_loop()
            self._waits += 1
            loop.call_later(self._timeout, self._expire, self._waits, self._timeout)

    def _take(self) -> bool:
        """A job of the pool: its thread is for this lease."""
        worker: Any = threading.current_thread()
        self._start(worker)
        return True

    def _start(self, worker: Worker) -> None:
        with self._lock:
            self._worker = worker
            self._is_resting = False
            early, self._early = self._early, []
            worker.put(partial(self._begin, early))

    def _begin(self, calls: list[_Call]) -> None:
        """On its thread: what Django does at the start of a request, and the calls."""
        if self._is_parked or self._travels:
            self._theirs = exchange(self._own)
        tidy()
        for call in calls:
            call()

    def _leave(self) -> None:
        """On its thread: leave it as it was found."""
        try:
            if self._is_over:
                close_unfinished()
            if self._travels or self._theirs is not None:
                # Kept by whom they belong to, but not open.
                self._own = exchange(self._theirs or {}, close=True)
                self._theirs = None
        except Exception:
            logger.exception("Database connections could not be put away.")
        tidy()

    def _expire(self, wait: int, timeout: float) -> None:
        # Of an earlier wait, perhaps: this timer is not cancelled.
        if self._is_parked or wait != self._waits:
            return
        if not self._pool.withdraw(self._take):
            return
        with self._lock:
            self._has_expired = True
            early, self._early = self._early, []
            self._unfinished -= len(early)
        for call in early:
            call.tell(PoolTimeout(self._pool.size, timeout), None)


class _Call:
    """A function to be called for a lease, and the future that is told the result."""

    __slots__ = ("_function", "_lease", "_loop", "future")

    def __init__(self, lease: Lease, function: Callable[[], Any]) -> None:
        self._lease = lease
        self._function = function
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._loop.create_future()

    def __call__(self) -> None:
        """On the thread of the lease."""
        error: BaseException | None = None
        result = None
        if not self.future.cancelled():
            try:
                result = self._function()
            except StopIteration as stop:
                # A future cannot raise it: coroutines would take it for their end.
                error = RuntimeError(f"{self._function} raised StopIteration")
                error.__cause__ = stop
            except BaseException as raised:
                error = raised
        # First, so that who waits for the result may find the thread free.
        self._lease.settle(finished=1)
        with suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self.tell, error, result)
        # The traceback of the error leads here: without this, to itself.
        del error, result

    def tell(self, error: BaseException | None, result: Any) -> None:
        """On the loop."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


def _look_at_connections() -> tuple[bool, bool]:
    """Is something open on this thread, and is there nothing to be closed?"""
    try:
        is_open = has_unfinished_work()
        return is_open, not is_open and not needs_closing()
    except Exception:
        logger.exception("The state of the database connections is not known.")
        return False, False
