"""One live channel, open to everyone."""

from __future__ import annotations

from legato import Channel, Client


class Room(Channel):
    pattern = "room:{name}"
    anonymous = True

    async def authorize(self, client: Client, name: str) -> bool:
        return True
