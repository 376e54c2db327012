"""The database connections of a waiting test, for the threads that work for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections

__all__ = ["Loan", "lend_to_threads", "loan"]


class Loan:
    """Lends connections for the length of a call.

    What a pool of threads does to connections between the calls, it does to its own:
    the transaction of a test is none that somebody has left open.
    """

    def __init__(self) -> None:
        self._lent: dict[str, Any] = {}

    @contextmanager
    def offer(self) -> Iterator[None]:
        """Lend the connections of this thread, which waits for the block's end."""
        before = self._lent
        lent = {connection.alias: connection for connection in connections.all()}
        for connection in lent.values():
            connection.inc_thread_sharing()
        self._lent = lent
        try:
            yield
        finally:
            self._lent = before
            for connection in lent.values():
                connection.dec_thread_sharing()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Have them on this thread, in the place of its own, if any."""
        own = {alias: find_connection(alias) for alias in self._lent}
        for alias, connection in self._lent.items():
            connections[alias] = connection
        try:
            yield
        finally:
            for alias, connection in own.items():
                if connection is None:
                    del connections[alias]
                else:
                    connections[alias] = connection


def find_connection(alias: str) -> Any:
    """This thread's connection; None if it has not asked for one yet."""
    for connection in connections.all(initialized_only=True):
        if connection.alias == alias:
            return connection
    return None


loan = Loan()


def lend_to_threads() -> None:
    """Lend to whatever ``sync_to_async`` calls."""
    handle: Any = SyncToAsync.thread_handler

    @wraps(handle)
    def lent(self: Any, *args: Any, **kwargs: Any) -> Any:
        with loan.take():
            return handle(self, *args, **kwargs)

    SyncToAsync.thread_handler = lent  # type: ignore[method-assign]
