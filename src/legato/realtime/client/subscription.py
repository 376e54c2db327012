"""One client's subscription to one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from legato.realtime.channels.channel import Channel
from legato.realtime.node.subscriber import Subscriber

if TYPE_CHECKING:
    from legato.realtime.client.connection import Connection

__all__ = ["Subscription"]


class Subscription(Subscriber):
    """A subscriber that knows its connection and its rules.

    Attributes:
        name: The channel's name.
        channel: The rules that apply to it.
        parts: The typed parts of the name.
        entered: True from ``on_subscribe`` on, so that ``on_unsubscribe`` follows.
    """

    __slots__ = ("_connection", "channel", "entered", "name", "parts")

    def __init__(
        self, connection: Connection, name: str, channel: Channel, parts: dict[str, Any]
    ) -> None:
        super().__init__(connection.outbox)
        self._connection = connection
        self.name = name
        self.channel = channel
        self.parts = parts
        self.entered = False

    def lose_position(self) -> None:
        self._connection.end_subscription(self)
