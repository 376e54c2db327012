"""Channels of the test project, one for each way hooks can behave."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.exceptions import PermissionDenied

from legato import Channel, Client, History
from legato.exceptions import Disconnect, Error


class Room(Channel):
    """Kept, open to everyone, and every client may publish."""

    pattern = "room:{name}"
    history = History(size=100, ttl=60)
    anonymous = True

    async def authorize(self, client: Client, name: str) -> bool:
        return True

    async def on_publish(self, client: Client, data: Any, name: str) -> Any:
        return data


class Signed(Channel):
    """Edits what clients publish, in place."""

    pattern = "signed:{name}"
    anonymous = True

    def authorize(self, client: Client, name: str) -> bool:
        return True

    def on_publish(self, client: Client, data: Any, name: str) -> Any:
        data["author"] = client.id
        return data


class Ticker(Channel):
    """Not kept; clients only listen."""

    pattern = "ticker:{name}"
    anonymous = True

    def authorize(self, client: Client, name: str) -> bool:
        return True


class Private(Channel):
    """For the user it names."""

    pattern = "private:{pk:int}"
    history = History(size=100, ttl=60)

    async def authorize(self, client: Client, pk: int) -> bool:
        return client.user_id == str(pk)


class Closed(Channel):
    """Defines no ``authorize``, so nobody comes in."""

    pattern = "closed"
    anonymous = True


class Unruly(Channel):
    """Hooks that fail in the way the name says."""

    pattern = "unruly:{how}"
    anonymous = True

    async def authorize(self, client: Client, how: str) -> bool:
        if how == "authorize":
            raise ZeroDivisionError
        if how == "truthy":
            return "yes"  # type: ignore[return-value]
        return True

    async def on_subscribe(self, client: Client, how: str) -> Any:
        if how == "error":
            raise Error(456, "not today")
        if how == "disconnect":
            raise Disconnect(4100, "go away")
        if how == "denied":
            raise PermissionDenied
        if how == "slow":
            await asyncio.sleep(3600)
        if how == "object":
            return object()
        return {"hello": how}

    def on_publish(self, client: Client, data: Any, how: str) -> Any:
        if how == "publish":
            raise ValueError("a secret")
        return None


LEFT: list[tuple[str, str]] = []
"""(client id, name) of everyone who left a ``Watched`` channel, in order."""


class Watched(Channel):
    pattern = "watched:{name}"
    anonymous = True

    async def authorize(self, client: Client, name: str) -> bool:
        return True

    def on_unsubscribe(self, client: Client, name: str) -> None:
        LEFT.append((client.id, name))
