"""Ends the connections of whoever signs out, is deactivated or deleted.

This reaches the connections of this process at once. What happens elsewhere, in a
shell or by ``QuerySet.update()``, is found by the periodic session check.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from legato.realtime import wiring
from legato.realtime.node.hub import Hub, Member
from legato.realtime.protocol.codes import DisconnectCode

__all__ = ["connect_receivers"]


def connect_receivers() -> None:
    """Listen to Django's signals; called once the models are ready."""
    user_model = get_user_model()
    uid = "legato.receivers"
    user_logged_out.connect(on_logged_out, dispatch_uid=uid)
    post_save.connect(on_user_saved, sender=user_model, dispatch_uid=uid)
    post_delete.connect(on_user_deleted, sender=user_model, dispatch_uid=uid)


def on_logged_out(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """The session ends, and with it every tab that uses it; other sessions stay."""
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key:
        # Django deletes the session after this signal: a tab that connects in
        # between is found by the second look.
        _disconnect(lambda hub: hub.of_session(session_key), again_in=2.0)


def on_user_saved(*, instance: Any, using: str, **kwargs: Any) -> None:
    if not instance.is_active:
        user_id = str(instance.pk)
        transaction.on_commit(
            lambda: _disconnect(lambda hub: hub.of_user(user_id)), using=using
        )


def on_user_deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    # Django sets the key to None when the deletion is complete.
    user_id = str(instance.pk)
    transaction.on_commit(
        lambda: _disconnect(lambda hub: hub.of_user(user_id)), using=using
    )


def _disconnect(
    find: Callable[[Hub], list[Member]], again_in: float | None = None
) -> None:
    """Close the connections that ``find`` names, on the node's own thread.

    3503 tells clients not to come back: the cookie may be valid for a moment more.
    """
    found = wiring.find_portal()
    if found is None:
        return
    node, portal = found

    def close() -> None:
        node.disconnect(find(node.hub), DisconnectCode.FORCE_DISCONNECT)

    # A loop that was just closed has no connections left.
    with contextlib.suppress(RuntimeError):
        portal.loop.call_soon_threadsafe(close)
        if again_in is not None:
            portal.loop.call_soon_threadsafe(portal.loop.call_later, again_in, close)
