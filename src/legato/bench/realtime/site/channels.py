"""One channel without history and one with it, open to everyone."""

from __future__ import annotations

from legato import Channel, Client, History


class OpenChannel(Channel):
    """Anyone may come: what is measured is delivery, not a database."""

    anonymous = True

    async def authorize(self, client: Client, name: str) -> bool:
        return True


class PlainChannel(OpenChannel):
    pattern = "plain:{name}"


class HistoryChannel(OpenChannel):
    pattern = "history:{name}"
    history = History(size=300, ttl=3600)
