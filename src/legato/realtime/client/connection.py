"""One client's connection, from the accepted transport to its end."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Coroutine
from typing import Any

from legato.conf import Settings
from legato.exceptions import Disconnect, Error
from legato.realtime.channels.auth import load_user
from legato.realtime.channels.client import Client, user_id_of
from legato.realtime.client.commands import HANDLERS
from legato.realtime.client.subscribe import run_on_unsubscribe
from legato.realtime.client.subscription import Subscription
from legato.realtime.client.timers import Deadline, Timers
from legato.realtime.node.node import Node
from legato.realtime.node.outbox import Outbox, Sink
from legato.realtime.protocol.codes import (
    DisconnectCode,
    ErrorCode,
    UnsubscribeCode,
)
from legato.realtime.protocol.framing import Format
from legato.realtime.protocol.messages import (
    Command,
    ErrorReply,
    Push,
    Reply,
    Unsubscribe,
)
from legato.realtime.protocol.session import Session

__all__ = ["Connection"]

REFUSED_TIMEOUT = 5.0
"""Seconds a client whose connect failed may stay before it is dropped."""

UNFLUSHED = {DisconnectCode.CONNECTION_CLOSED, DisconnectCode.SLOW}
"""Ends at which the peer is gone or does not read, so what waits is dropped."""

logger = logging.getLogger("legato.client")


class Connection:
    """Drives the session, the subscriptions and the deadlines of one client.

    The transport calls ``receive`` for each message and ``end`` when its peer is
    gone. Commands are handled one after the other, which is all the back-pressure a
    client needs: while one is under way, nothing more is read from it.

    Attributes:
        client: What hooks get to see; set by the connect command.
        subscriptions: By channel name, those being made included.
    """

    __slots__ = (
        "_busy",
        "_session",
        "_tasks",
        "_timers",
        "client",
        "closed",
        "id",
        "node",
        "outbox",
        "session_key",
        "settings",
        "subscriptions",
        "user_id",
    )

    def __init__(
        self,
        node: Node,
        settings: Settings,
        format: Format,
        sink: Sink,
        *,
        session_key: str = "",
    ) -> None:
        self.id = str(uuid.uuid4())
        self.node = node
        self.settings = settings
        self.session_key = session_key
        self.user_id = ""
        self.client: Client | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.closed = False
        self.outbox = Outbox(
            format,
            sink,
            node.flusher,
            on_overflow=self._close_slow,
        )
        self._session = Session(
            format.codec,
            rate=settings.command_rate,
            burst=settings.command_burst,
            now=node.loop.time(),
        )
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers = Timers(node.loop, self._on_due)
        self._timers.set(Deadline.STALE, settings.connect_timeout)
        node.stats.connections += 1

    @property
    def awaits_pong(self) -> bool:
        """True while the last ping is unanswered."""
        return self._session.awaiting_pong

    # ── what the transport calls ────────────────────────────────────────────

    async def receive(self, message: bytes | str) -> None:
        """Handle one message of the client; returns when it is dealt with."""
        try:
            for command in self._session.receive(message, self.node.loop.time()):
                await self._handle(command)
                # A client that asks faster than it reads waits here, so that
                # replies alone never fill its outbox.
                await self.outbox.drain()
        except Disconnect as end:
            self.close(end.code, end.reason)

    async def end(self) -> None:
        """The peer is gone, or has been told to go: release everything."""
        self.disconnect(DisconnectCode.CONNECTION_CLOSED)
        subscriptions = list(self.subscriptions.values())
        self.subscriptions.clear()
        for subscription in subscriptions:
            self.node.leave(subscription.name, subscription)
        # Each hook is bounded in time, and so are the tasks under way.
        await asyncio.gather(
            *(run_on_unsubscribe(self, subscription) for subscription in subscriptions),
            *self._tasks,
        )

    # ── what commands and the node call ─────────────────────────────────────

    def reply(self, reply: Reply) -> None:
        """Queue a reply; order among replies and pushes is kept."""
        self.outbox.push(self.outbox.format.reply(reply))

    def connected(self, client: Client) -> None:
        """The client is known: from now on it is found, pinged and checked."""
        self.client = client
        self.user_id = client.user_id
        self.node.hub.add(self)
        self._session.connected()
        settings = self.settings
        # Spread the first pings of clients that came all at once.
        first = random.uniform(settings.ping_interval / 2, settings.ping_interval)
        self._timers.set(Deadline.PING, first)
        if self.session_key:
            self._set_session_check()

    def end_subscription(self, subscription: Subscription) -> None:
        """The place in the stream is lost: the client has to subscribe anew."""
        self.drop_subscription(subscription)
        code = UnsubscribeCode.INSUFFICIENT_STATE
        push = Push(
            channel=subscription.name,
            unsubscribe=Unsubscribe(code=int(code), reason=code.reason),
        )
        self.reply(Reply(push=push))
        self._spawn(run_on_unsubscribe(self, subscription), "legato-unsubscribe")

    def drop_subscription(self, subscription: Subscription) -> None:
        self.node.leave(subscription.name, subscription)
        self.subscriptions.pop(subscription.name, None)

    def disconnect(self, code: DisconnectCode) -> None:
        """End the connection with a code of the protocol's."""
        self.close(code, code.reason)

    def close(self, code: int, reason: str) -> None:
        """End the connection; the first call decides the code."""
        if self.closed:
            return
        self.closed = True
        self._session.close()
        self._timers.cancel()
        self.node.hub.remove(self)
        for subscription in self.subscriptions.values():
            self.node.leave(subscription.name, subscription)
        self.node.stats.disconnects[code] += 1
        self.outbox.close(code, reason, flush=code not in UNFLUSHED)

    # ── inside ──────────────────────────────────────────────────────────────

    async def _handle(self, command: Command) -> None:
        request = command.request
        name = type(request).__name__.removesuffix("Request").lower()
        self.node.stats.commands[name] += 1
        self._busy = True
        if command.connect is not None:
            # From here on the handler's own limit counts.
            self._timers.clear(Deadline.STALE)
        try:
            await HANDLERS[type(request)](self, command.id, request)
        except Error as error:
            self._refuse(command, error)
        except Disconnect:
            raise
        except Exception:
            logger.exception("A %s command failed.", name)
            self._refuse(command, ErrorCode.INTERNAL.error())
        finally:
            self._busy = False

    def _refuse(self, command: Command, error: Error) -> None:
        self.node.stats.errors[error.code] += 1
        answer = ErrorReply(error.code, error.message, error.temporary)
        self.reply(Reply(id=command.id, error=answer))
        if command.connect is not None and not self.closed:
            self._session.refused()
            self._timers.set(Deadline.STALE, REFUSED_TIMEOUT)

    def _on_due(self, deadline: Deadline) -> None:
        match deadline:
            case Deadline.STALE:
                self.disconnect(DisconnectCode.STALE)
            case Deadline.PING:
                self._ping()
            case Deadline.PONG:
                self._check_pong()
            case Deadline.SESSION:
                self._spawn(self._check_session(), "legato-session-check")

    def _ping(self) -> None:
        self.outbox.push(self.outbox.format.ping)
        self._session.ping()
        self._timers.set(Deadline.PONG, self.settings.pong_timeout)
        self._timers.set(Deadline.PING, self.settings.ping_interval)

    def _check_pong(self) -> None:
        if not self.awaits_pong:
            return
        if self._busy:
            # The pong may wait behind the command under way, which has an end.
            self._timers.set(Deadline.PONG, self.settings.pong_timeout)
            return
        self.disconnect(DisconnectCode.NO_PONG)

    async def _check_session(self) -> None:
        """End the connection if its session is no longer that of its user."""
        try:
            async with asyncio.timeout(self.settings.hook_timeout):
                user = await load_user(self.session_key)
        except Exception as error:
            logger.warning("A session could not be checked: %r. Trying later.", error)
        else:
            assert self.client is not None
            if user_id_of(user) != self.user_id:
                # The client comes back and is judged by the cookie it then sends:
                # a changed password, for one, gives its own tabs a new session.
                self.disconnect(DisconnectCode.EXPIRED)
                return
            self.client.user = user
        if not self.closed:
            self._set_session_check()

    def _set_session_check(self) -> None:
        # Clients that came all at once do not ask the database all at once.
        most = self.settings.session_check_interval
        self._timers.set(Deadline.SESSION, random.uniform(most / 2, most))

    def _close_slow(self) -> None:
        # Called amid a fan-out, which must not see its subscribers change.
        self.node.loop.call_soon(self.disconnect, DisconnectCode.SLOW)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = self.node.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
