"""The class users write: a family of channels and its rules."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured

from legato.realtime.broker.base import Retention
from legato.realtime.channels.client import Client
from legato.realtime.channels.options import History
from legato.realtime.channels.pattern import Pattern
from legato.realtime.channels.registry import registry

__all__ = ["Channel"]

KEEP_NOTHING = Retention()


class Channel:
    """A family of channels: their names, what is kept, and who may do what.

    Subclass it in the ``channels.py`` of an app, where Legato finds it::

        class TicketChannel(Channel):
            pattern = "ticket:{pk:int}"
            history = History(size=200, ttl=3600)

            async def authorize(self, client, pk):
                tickets = Ticket.objects.filter(pk=pk, members=client.user)
                return await tickets.aexists()

            async def on_publish(self, client, data, pk):
                message = await Message.objects.acreate(
                    ticket_id=pk, author=client.user, text=data["text"]
                )
                return message.as_json()

    Every hook may be ``def`` or ``async def``, and receives the parts of the name by
    keyword. A plain ``def`` runs in a worker thread, as a view would. A hook answers
    its client by raising ``legato.exceptions.Error`` (an error reply) or
    ``Disconnect``; Django's ``PermissionDenied`` gives error 103. Anything else it
    raises is logged with its traceback, and the client gets "100: internal server
    error" and stays connected.

    One instance serves all clients, so keep no state of a client on it.

    Security note: ``data`` comes from a browser and may be any JSON value, of any
    shape. Validate it before use.

    Attributes:
        pattern: The names, for example ``"ticket:{pk:int}"``; see ``Pattern``.
            Classes without one are abstract.
        history: What is kept for clients that were away; None keeps nothing.
        anonymous: True lets visitors who have not signed in come as far as
            ``authorize``.
    """

    pattern: ClassVar[str] = ""
    history: ClassVar[History | None] = None
    anonymous: ClassVar[bool] = False

    parsed_pattern: ClassVar[Pattern]
    retention: ClassVar[Retention] = KEEP_NOTHING

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.retention = cls.history.retention if cls.history else KEEP_NOTHING
        if not cls.pattern:
            return
        try:
            cls.parsed_pattern = Pattern(cls.pattern)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{cls.__module__}.{cls.__qualname__}.pattern: {error}"
            ) from None
        if "pattern" in cls.__dict__:
            registry.add(cls())

    def authorize(
        self, client: Client, *args: Any, **parts: Any
    ) -> bool | Awaitable[bool]:
        """May ``client`` use this channel? Nobody may, unless a subclass says so.

        Asked at every subscribe, and for history and publish by a client that is
        not subscribed.
        """
        return False

    def on_subscribe(self, client: Client, *args: Any, **parts: Any) -> Any:
        """Called before ``client`` goes live; what is returned reaches it as data.

        Return None for no data, else a value that JSON can hold.
        """

    def on_publish(self, client: Client, data: Any, *args: Any, **parts: Any) -> Any:
        """``client`` asks to publish ``data``; what is returned is what everyone gets.

        Clients may not publish unless a subclass defines this hook. Returning None
        accepts the data and publishes nothing.
        """

    def on_unsubscribe(self, client: Client, *args: Any, **parts: Any) -> Any:
        """``client`` has left, by its own wish or with its connection."""
