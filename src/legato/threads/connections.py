"""The state of a thread's database connections, when the thread may change hands.

A queryset read piece by piece, with ``iterator()`` or ``aiterator()``, keeps a cursor
between the pieces, and a transaction lasts from one call to the next. While either is
open, the thread and its connections must not serve anyone else. Django keeps no list
of cursors, so the connections of worker threads are watched.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any
from weakref import ref

from django.db import close_old_connections, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

__all__ = [
    "Connections",
    "OpenCursors",
    "call_when_finished",
    "close_unfinished",
    "connections_here",
    "end_forgotten",
    "exchange",
    "has_unfinished_work",
    "needs_closing",
    "tidy",
]

logger = logging.getLogger("legato.threads")

Connections = dict[str, BaseDatabaseWrapper]

OPEN_CURSORS = "_legato_open_cursors"

IDLE, *BUSY = 0, 1, 2, 3
"""States of libpq: active, in a transaction, in a failed one; 4 is broken."""


class _Local(threading.local):
    """Connections of this thread that another lease has put away for a while."""

    def __init__(self) -> None:
        self.put_away: Connections = {}


_local = _Local()


class OpenCursors:
    """The cursors of a connection that somebody holds and has not closed.

    A generator that nobody reads to its end closes its cursor wherever it is dropped,
    on the event loop perhaps. Such cursors are kept until their own thread looks.

    Attributes:
        on_last: Called, once and on any thread, when there are none any more.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.on_last: Callable[[], None] | None = None
        self._held: set[ref[Any]] = set()
        self._dropped: list[Any] = []
        for name in ("make_cursor", "make_debug_cursor"):
            make = getattr(connection, name)
            setattr(connection, name, partial(self._make, make))

    def __bool__(self) -> bool:
        return bool(self._held)

    def sweep(self, *, all: bool = False) -> None:
        """On their thread: close what was dropped elsewhere, or all there are."""
        dropped, self._dropped = self._dropped, []
        if all:
            dropped += [made for held in list(self._held) if (made := held())]
        for cursor in dropped:
            with suppress(Exception):  # the connection may be broken
                cursor.close()

    def _make(self, make: Callable[[Any], Any], cursor: Any) -> Any:
        made = make(cursor)
        held = ref(made, self._forget)
        self._held.add(held)
        database, thread = made.db, threading.get_ident()

        is_closed = False

        def close() -> None:
            nonlocal is_closed
            if is_closed:
                # Once: the garbage collector may come in the middle of a query on
                # this connection, and would wait for it for ever.
                return
            is_closed = True
            try:
                # With its connection closed there is nobody left to be told.
                if threading.get_ident() == thread or database.connection is None:
                    cursor.close()
                else:
                    self._dropped.append(cursor)
            finally:
                self._forget(held)

        made.close = close
        return made

    def _forget(self, held: ref[Any]) -> None:
        self._held.discard(held)
        if not self._held and self.on_last is not None:
            on_last, self.on_last = self.on_last, None
            on_last()


def has_unfinished_work() -> bool:
    """Is a cursor or a transaction open on a connection of this thread?"""
    return any(map(_is_unfinished, connections_here().values()))


def call_when_finished(callback: Callable[[], None]) -> None:
    """Have ``callback`` called when a connection of this thread has no open cursor."""
    for connection in connections_here().values():
        cursors = _open_cursors(connection)
        if cursors:
            cursors.on_last = callback
            return


def close_unfinished() -> None:
    """End what nobody is going to end: close the connections it is open on."""
    end_forgotten()
    for connection in connections_here().values():
        if _is_unfinished(connection):
            connection.close()


def end_forgotten() -> None:
    """End transactions and cursors that a request has left open.

    A view that was cancelled may leave a transaction behind. Others would write into
    it, and nobody would commit. A cursor that waits for the garbage collector is
    closed in the middle of something else.
    """
    for alias, connection in connections_here().items():
        cursors = _open_cursors(connection)
        if cursors is not None:
            cursors.sweep(all=True)
        if connection.connection is not None and connection.in_atomic_block:
            logger.warning("A transaction was left open and is rolled back.")
            # A wrapper that is told to close in a transaction never recovers.
            del connections[alias]
            connection.in_atomic_block = connection.closed_in_transaction = False
            connection.close()


def tidy() -> None:
    """What Django does for the connections of a thread around each request."""
    try:
        end_forgotten()
        reset_queries()
        close_old_connections()
    except Exception:
        logger.exception("A database connection could not be closed.")


def exchange(others: Connections, *, close: bool = False) -> Connections:
    """Give this thread other connections; what it had until now.

    Args:
        close: Close what it had: it may be needed on another thread next, or never.
    """
    mine = connections_here()
    for alias in mine:
        del connections[alias]
    for alias, connection in others.items():
        connections[alias] = connection
    _local.put_away = {} if close else mine
    if close:
        for connection in mine.values():
            connection.inc_thread_sharing()
            try:
                if (cursors := _open_cursors(connection)) is not None:
                    cursors.sweep()
                connection.close()
            except Exception:
                logger.exception("A database connection could not be closed.")
    return mine


def connections_here() -> Connections:
    """Django's connections of this thread, by alias, whether open or not."""
    local: Any = connections._connections  # type: ignore[attr-defined]
    aliases = list(connections.settings)
    return {alias: getattr(local, alias) for alias in aliases if hasattr(local, alias)}


def needs_closing() -> bool:
    """Would ``close_old_connections`` do anything on this thread?

    To be asked on the thread itself, so that it need not be woken up to find that it
    has nothing to do.
    """
    return any(
        connection.connection is not None
        and (
            connection.errors_occurred
            or connection.in_atomic_block
            or connection.autocommit != connection.settings_dict["AUTOCOMMIT"]
            or (connection.close_at is not None and connection.close_at <= monotonic())
        )
        for connection in connections_here().values()
    )


def _open_cursors(connection: BaseDatabaseWrapper) -> OpenCursors | None:
    return getattr(connection, OPEN_CURSORS, None)


def _is_unfinished(connection: BaseDatabaseWrapper) -> bool:
    raw: Any = connection.connection
    if raw is None:
        return False
    cursors = _open_cursors(connection)
    if cursors is not None:
        cursors.sweep()
    return bool(
        connection.in_atomic_block
        or connection.autocommit != connection.settings_dict["AUTOCOMMIT"]
        or cursors
        # PostgreSQL knows of COPY as well, and of cursors that Django has not made.
        or getattr(getattr(raw, "info", None), "transaction_status", IDLE) in BUSY
    )


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Every connection of a worker thread is watched from its first query on."""
    if not threading.current_thread().name.startswith("legato-"):
        return
    if not hasattr(connection, OPEN_CURSORS):
        setattr(connection, OPEN_CURSORS, OpenCursors(connection))
    # One open connection a thread: those that were put away may not stay open.
    put_away = _local.put_away.get(connection.alias)
    if put_away is not None:
        put_away.close()


connection_created.connect(_watch, dispatch_uid="legato.threads")
