"""Publishing from anywhere in a project."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from legato.conf import get_settings
from legato.realtime import wiring
from legato.realtime.broker.base import Retention
from legato.realtime.channels.payload import encode_payload
from legato.realtime.channels.registry import registry
from legato.realtime.node.portal import is_running_loop
from legato.realtime.protocol.messages import Publication

__all__ = ["apublish", "publish"]

logger = logging.getLogger("legato.publish")


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
        ValueError: no declared channel has this name, or ``data`` takes more than a
            quarter of ``OUTBOX_MAX_SIZE``.
        TypeError: JSON cannot hold ``data``, or ``tags`` are not text.
        ImproperlyConfigured: nobody could receive it; the message says what to set.
        RuntimeError: called on a thread that runs an event loop; await ``apublish``.
    """
    publication, retention = _prepare(channel, data, tags)
    if is_running_loop():
        raise RuntimeError(
            "This thread runs an event loop, which waiting would block: use the async"
            " twin, await legato.apublish()."
        )

    def send() -> None:
        node, portal = wiring.get_portal()
        portal.call(
            node.broker.publish(channel, publication, retention, idempotency_key)
        )

    # Asking on_commit() outside a transaction would open a database connection.
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _send_committed(channel, send))
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
    await portal.acall(
        node.broker.publish(channel, publication, retention, idempotency_key)
    )


def _send_committed(channel: str, send: Callable[[], None]) -> None:
    """Send after the commit, which no failure of a broker can undo any more."""
    try:
        send()
    except ImproperlyConfigured:
        raise
    except Exception:
        logger.exception("A publication to %r was lost after the commit.", channel)


def _prepare(
    channel: str, data: Any, tags: Mapping[str, str] | None
) -> tuple[Publication, Retention]:
    settings = get_settings()
    fits = len(channel) <= settings.channel_max_length
    found = registry.resolve(channel) if fits else None
    if found is None:
        raise ValueError(_unknown(channel))
    publication = Publication(
        data=encode_payload(data, settings.payload_max_size),
        tags=_check_tags(tags, settings.payload_max_size) if tags else None,
    )
    return publication, found[0].retention


def _check_tags(tags: Mapping[str, str], max_size: int) -> dict[str, str]:
    if not all(isinstance(text, str) for item in tags.items() for text in item):
        raise TypeError(f"tags must map text to text, not {dict(tags)!r}.")
    encode_payload(tags := dict(tags), max_size)
    return tags


def _unknown(channel: str) -> str:
    message = f"No declared Channel has the name {channel!r}, so nobody can follow it."
    nearest = registry.nearest_pattern(channel)
    if nearest is None:
        return f"{message} Declare one in the channels.py of an app."
    return f"{message} The nearest pattern is {nearest!r}."
