"""The rows every run starts from, those it leaves, and its queries on the way."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from tests.http.differential.journal import note

__all__ = ["SESSION_KEYS", "atomic_requests", "left_rows", "reset", "watch_queries"]

SESSION_KEYS = {"visitor": "v" * 32, "user": "u" * 32, "stale": "s" * 32}

opened: weakref.WeakSet[BaseDatabaseWrapper] = weakref.WeakSet()
"""Connections that worker threads have opened."""


def reset() -> None:
    """One user, her session, and that of a visitor; nothing else."""
    cache.clear()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
    with transaction.atomic():
        Session.objects.all().delete()
        Group.objects.all().delete()
        user, _ = User.objects.get_or_create(username="ada")
        User.objects.update(last_login=None, password="!unusable")
        user.password = "!unusable"
        signed_in: dict[str, Any] = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": user.get_session_auth_hash(),
        }
        expire_date = timezone.now() + timedelta(days=1)
        visiting: dict[str, Any] = {"n": 1}
        for owner, data in {"visitor": visiting, "user": signed_in}.items():
            Session.objects.create(
                session_key=SESSION_KEYS[owner],
                session_data=Session.objects.encode(data),
                expire_date=expire_date,
            )


def left_rows() -> list[str]:
    """What the database holds, without what differs from run to run."""
    known = {key: owner for owner, key in SESSION_KEYS.items()}
    rows = [f"group {name!r}" for name in Group.objects.values_list("name", flat=True)]
    for session in Session.objects.all():
        key = known.get(session.session_key, "new")
        rows.append(f"session of {key}: {sorted(session.get_decoded().items())}")
    for user in User.objects.all():
        rows.append(f"user {user.username}, signed in: {user.last_login is not None}")
    return sorted(rows)


@contextmanager
def atomic_requests(enabled: bool) -> Iterator[None]:
    connections.settings["default"]["ATOMIC_REQUESTS"] = enabled
    try:
        yield
    finally:
        connections.settings["default"]["ATOMIC_REQUESTS"] = False


def write_down(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    # Names of savepoints hold the thread's number and that of the savepoint in it.
    note(f"SQL {re.sub(r's[0-9]+_x[0-9]+', 's_x', sql)}", "thread")
    return execute(sql, params, many, context)


def prepare(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if write_down not in connection.execute_wrappers:
        with connection.cursor() as cursor:
            # Nobody turns the machine off; waiting for the disk is most of a run.
            cursor.execute("PRAGMA synchronous = OFF")
            # Only a lock that somebody has left behind is waited for.
            cursor.execute("PRAGMA busy_timeout = 1000")
        connection.execute_wrappers.append(write_down)
        opened.add(connection)


@contextmanager
def watch_queries() -> Iterator[None]:
    """Note every query of every thread but this one."""
    connection.ensure_connection()
    connection_created.connect(prepare)
    try:
        yield
    finally:
        connection_created.disconnect(prepare)


def close_leftovers() -> int:
    """Close the connections that threads have left open; returns how many."""
    left = [each for each in opened if each.connection is not None]
    for each in left:
        each.inc_thread_sharing()
        each.close()
        each.dec_thread_sharing()
    opened.clear()
    return len(left)
