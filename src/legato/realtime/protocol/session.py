"""What a client may say when: the life of one connection as a table.

::

    NEW ──connect──▶ CONNECTING ──connected──▶ CONNECTED
                         │                         │
                         └──refused──▶ UNUSABLE    │
                                          │        │
    any state ────────close──────────▶ CLOSED ◀────┘

The session is pure. It turns the messages of a transport into commands that are in
order, and raises ``Disconnect`` for what is not; whoever drives it tells the time
and says how the connect command ended. Commands come out one by one, so that a
connect command decides about those behind it in the same message::

    for command in session.receive(message, now):
        await handle(command)           # calls session.connected() or .refused()
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

from legato.realtime.protocol.codes import DisconnectCode
from legato.realtime.protocol.framing import Codec
from legato.realtime.protocol.messages import (
    Command,
    HistoryRequest,
    PingRequest,
    PresenceRequest,
    PresenceStatsRequest,
    PublishRequest,
    RefreshRequest,
    SubRefreshRequest,
    SubscribeRequest,
    UnsubscribeRequest,
)
from legato.realtime.protocol.rate import Bucket

__all__ = ["Session", "State"]


class State(enum.Enum):
    NEW = enum.auto()
    CONNECTING = enum.auto()
    CONNECTED = enum.auto()
    UNUSABLE = enum.auto()
    CLOSED = enum.auto()


class Event(enum.Enum):
    CONNECT = enum.auto()
    CONNECTED = enum.auto()
    REFUSED = enum.auto()


TRANSITIONS = {
    (State.NEW, Event.CONNECT): State.CONNECTING,
    (State.CONNECTING, Event.CONNECTED): State.CONNECTED,
    (State.CONNECTING, Event.REFUSED): State.UNUSABLE,
}

NEEDS_CHANNEL = (
    SubscribeRequest,
    UnsubscribeRequest,
    PublishRequest,
    PresenceRequest,
    PresenceStatsRequest,
    HistoryRequest,
    SubRefreshRequest,
)


class Session:
    """The protocol's side of one connection.

    Args:
        rate: Commands a second; beyond it the connection ends with 3013.
        burst: Commands that may come at once, as when a client resubscribes.
        now: Seconds on any monotonic clock, as every other ``now`` here.
    """

    __slots__ = ("_bucket", "_codec", "_pongs_due", "state")

    def __init__(self, codec: Codec, *, rate: float, burst: int, now: float) -> None:
        self._codec = codec
        self._bucket = Bucket(rate, burst, now)
        self.state = State.NEW
        # More than one when a command keeps the client's pongs waiting in line.
        self._pongs_due = 0

    @property
    def awaiting_pong(self) -> bool:
        return self._pongs_due > 0

    def receive(self, message: bytes | str, now: float) -> Iterator[Command]:
        """The commands of one transport message, each checked when its turn comes.

        Raises:
            Disconnect: 3501 for what the protocol does not allow here, 3013 for
                too many commands. Nothing else of the message counts then.
        """
        if self.state is State.UNUSABLE:
            raise DisconnectCode.BAD_REQUEST.disconnect()
        for command in self._codec.decode(message):
            # Behind a refused connect, or after a close, the rest is dropped.
            if self.state in (State.UNUSABLE, State.CLOSED):
                return
            if self._is_pong(command):
                self._take_pong()
                continue
            if not self._bucket.take(now):
                raise DisconnectCode.TOO_MANY_REQUESTS.disconnect()
            self._check(command)
            yield command

    def connected(self) -> None:
        """The connect command succeeded."""
        self._advance(Event.CONNECTED)

    def refused(self) -> None:
        """The connect command was answered with an error."""
        self._advance(Event.REFUSED)

    def ping(self) -> None:
        """A ping is on its way: exactly one pong may answer it."""
        self._pongs_due += 1

    def close(self) -> None:
        self.state = State.CLOSED

    def _advance(self, event: Event) -> None:
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise RuntimeError(f"{event.name} cannot happen while {self.state.name}.")
        self.state = state

    def _is_pong(self, command: Command) -> bool:
        """Id 0 without ``send`` counts as a pong once connected."""
        return (
            command.id == 0 and command.send is None and self.state is State.CONNECTED
        )

    def _take_pong(self) -> None:
        if not self._pongs_due:
            raise DisconnectCode.BAD_REQUEST.disconnect()
        self._pongs_due -= 1

    def _check(self, command: Command) -> None:
        if self.state is State.CONNECTED:
            if _is_malformed(command):
                raise DisconnectCode.BAD_REQUEST.disconnect()
        elif self.state is State.NEW and command.connect is not None and command.id:
            self._advance(Event.CONNECT)
        else:
            raise DisconnectCode.BAD_REQUEST.disconnect()


def _is_malformed(command: Command) -> bool:
    """True for what no connected client may send."""
    request = command.request
    if request is None or command.connect is not None:
        return True
    if isinstance(request, NEEDS_CHANNEL):
        return not request.channel
    if isinstance(request, RefreshRequest):
        # Sessions are checked by the server; clients have nothing to refresh.
        return True
    return isinstance(request, PingRequest)
