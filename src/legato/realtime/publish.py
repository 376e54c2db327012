"""Publishing from anywhere in a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from legato.conf import get_settings
from legato.realtime import wiring
from legato.realtime.broker.base import Retention
from legato.realtime.channels.payload import encode_payload
from legato.realtime.channels.registry import registry
from legato.realtime.protocol.messages import Publication

__all__ = ["apublish", "publish"]


def publish(
    channel: str,
    data: Any,
    *,
    tags: Mapping[str, str] | None = None,
    idempotency_key: str = "",
) -> None:
    """Send ``data`` to everyone who follows ``channel``.

    From any thread: a view, a signal, a task, a shell. Inside ``atomic()`` it goes
    out when the transaction commits, and never after a rollback, as with Django's
    ``on_commit``; a failure then is logged, for the transaction stands. Otherwise it
    has been announced when this returns.

    Args:
        channel: A name that a declared ``Channel`` matches.
        data: Any value that JSON can hold; dates, UUIDs and lazy texts become text.
            It is encoded now, so later changes to it do not matter.
        tags: Text values that travel beside the data.
        idempotency_key: Used again on this channel within 300 s, nothing is sent.

    Raises:
        ValueError: no declared channel has this name.
        TypeError: JSON cannot hold ``data``.
        ImproperlyConfigured: nobody could receive it; the message says what to set.
        RuntimeError: called on the thread of the event loop; await ``apublish``.
    """
    publication, retention = _prepare(channel, data, tags)
    node, portal = wiring.get_portal()

    def send() -> None:
        portal.call(node.publish(channel, publication, retention, idempotency_key))

    portal.check_thread()
    # Asking on_commit() outside a transaction would open a database connection.
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(send, robust=True)
    else:
        send()


async def apublish(
    channel: str,
    data: Any,
    *,
    tags: Mapping[str, str] | None = None,
    idempotency_key: str = "",
) -> None:
    """See ``publish``, of which this is the asynchronous twin.

    It does not wait for a transaction: an open ``atomic()`` block belongs to a
    thread, where ``publish`` is to be used.
    """
    publication, retention = _prepare(channel, data, tags)
    node, portal = wiring.get_portal()
    await portal.acall(node.publish(channel, publication, retention, idempotency_key))


def _prepare(
    channel: str, data: Any, tags: Mapping[str, str] | None
) -> tuple[Publication, Retention]:
    limit = get_settings().channel_max_length
    found = registry.resolve(channel) if len(channel) <= limit else None
    if found is None:
        raise ValueError(_unknown(channel))
    publication = Publication(
        data=encode_payload(data), tags=dict(tags) if tags else None
    )
    return publication, found[0].retention


def _unknown(channel: str) -> str:
    message = f"No declared Channel has the name {channel!r}, so nobody can follow it."
    nearest = registry.nearest_pattern(channel)
    if nearest is None:
        return f"{message} Declare one in the channels.py of an app."
    return f"{message} The nearest pattern is {nearest!r}."
