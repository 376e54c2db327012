"""Every message of the protocol as one typed struct.

Names and types are those of ``client.proto``; the JSON and the Protobuf encoding
share these declarations. A field left at its default does not appear in JSON; a
field without a default is always written, as the SDKs expect of it.

``Raw`` holds an embedded JSON value untouched, from one client's frame into the
frames of all others; empty means absent.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

__all__ = [
    "ClientInfo",
    "Command",
    "ConnectRequest",
    "ConnectResult",
    "ErrorReply",
    "HistoryRequest",
    "HistoryResult",
    "PresenceRequest",
    "PresenceStatsRequest",
    "Publication",
    "PublishRequest",
    "PublishResult",
    "Push",
    "RefreshRequest",
    "Reply",
    "Request",
    "RpcRequest",
    "SendRequest",
    "StreamPosition",
    "SubRefreshRequest",
    "SubscribeRequest",
    "SubscribeResult",
    "Unsubscribe",
    "UnsubscribeRequest",
    "UnsubscribeResult",
]

NO_DATA = Raw()

UInt32 = Annotated[int, Meta(ge=0, lt=2**32)]
UInt64 = Annotated[int, Meta(ge=0, le=2**63 - 1)]  # no stream comes near the upper half


class Message(Struct, frozen=True, omit_defaults=True):
    """The common form: immutable, zero values left out."""


# ── shared parts ────────────────────────────────────────────────────────────


class StreamPosition(Message, frozen=True, gc=False):
    """A place in the log of one channel: ``offset`` counts within ``epoch``."""

    offset: UInt64 = 0
    epoch: str = ""


class ClientInfo(Message, frozen=True):
    """Who published, or who is present."""

    user: str
    client: str
    conn_info: Raw = NO_DATA
    chan_info: Raw = NO_DATA


class Publication(Message, frozen=True):
    """One entry of a channel's log; ``offset`` is 0 where no history is kept."""

    data: Raw = NO_DATA
    info: ClientInfo | None = None
    offset: UInt64 = 0
    tags: dict[str, str] | None = None


# ── commands ────────────────────────────────────────────────────────────────


class SubscribeRequest(Message, frozen=True):
    channel: str = ""
    token: str = ""
    recover: bool = False
    epoch: str = ""
    offset: UInt64 = 0
    data: Raw = NO_DATA
    positioned: bool = False
    recoverable: bool = False
    join_leave: bool = False
    flag: int = 0
    delta: str = ""
    tf: Raw = NO_DATA
    type: int = 0


class ConnectRequest(Message, frozen=True):
    token: str = ""
    data: Raw = NO_DATA
    subs: dict[str, SubscribeRequest] | None = None
    name: str = ""
    version: str = ""
    headers: dict[str, str] | None = None


class UnsubscribeRequest(Message, frozen=True, gc=False):
    channel: str = ""


class PublishRequest(Message, frozen=True):
    channel: str = ""
    data: Raw = NO_DATA
    type: int = 0


class PresenceRequest(Message, frozen=True, gc=False):
    channel: str = ""


class PresenceStatsRequest(Message, frozen=True, gc=False):
    channel: str = ""


class HistoryRequest(Message, frozen=True):
    channel: str = ""
    limit: int = 0
    since: StreamPosition | None = None
    reverse: bool = False


class PingRequest(Message, frozen=True, gc=False):
    pass


class SendRequest(Message, frozen=True):
    data: Raw = NO_DATA


class RpcRequest(Message, frozen=True):
    data: Raw = NO_DATA
    method: str = ""


class RefreshRequest(Message, frozen=True, gc=False):
    token: str = ""


class SubRefreshRequest(Message, frozen=True, gc=False):
    channel: str = ""
    token: str = ""
    type: int = 0


Request = (
    ConnectRequest
    | PingRequest
    | SubscribeRequest
    | UnsubscribeRequest
    | PublishRequest
    | PresenceRequest
    | PresenceStatsRequest
    | HistoryRequest
    | RpcRequest
    | SendRequest
    | RefreshRequest
    | SubRefreshRequest
)


class Command(Message, frozen=True):
    """One command of a client; an empty one is a pong."""

    id: UInt32 = 0
    connect: ConnectRequest | None = None
    ping: PingRequest | None = None
    subscribe: SubscribeRequest | None = None
    unsubscribe: UnsubscribeRequest | None = None
    publish: PublishRequest | None = None
    presence: PresenceRequest | None = None
    presence_stats: PresenceStatsRequest | None = None
    history: HistoryRequest | None = None
    rpc: RpcRequest | None = None
    send: SendRequest | None = None
    refresh: RefreshRequest | None = None
    sub_refresh: SubRefreshRequest | None = None

    @property
    def request(self) -> Request | None:
        """What is asked; of several fields set, the first in the protocol's order."""
        return (
            self.connect
            or self.ping
            or self.subscribe
            or self.unsubscribe
            or self.publish
            or self.presence
            or self.presence_stats
            or self.history
            or self.rpc
            or self.send
            or self.refresh
            or self.sub_refresh
        )


# ── replies ─────────────────────────────────────────────────────────────────


class ErrorReply(Message, frozen=True, gc=False):
    code: int
    message: str
    temporary: bool = False


class SubscribeResult(Message, frozen=True):
    recoverable: bool = False
    epoch: str = ""
    publications: list[Publication] | None = None
    recovered: bool = False
    offset: UInt64 = 0
    positioned: bool = False
    data: Raw = NO_DATA
    was_recovering: bool = False


class ConnectResult(Message, frozen=True):
    """``ping`` in whole seconds; ``client`` and ``version`` must not be empty."""

    client: str
    version: str
    data: Raw = NO_DATA
    subs: dict[str, SubscribeResult] | None = None
    ping: int = 0
    pong: bool = False


class UnsubscribeResult(Message, frozen=True, gc=False):
    pass


class PublishResult(Message, frozen=True, gc=False):
    pass


class HistoryResult(Message, frozen=True):
    publications: list[Publication]
    epoch: str
    offset: UInt64


class Unsubscribe(Message, frozen=True, gc=False):
    code: int
    reason: str


class Push(Message, frozen=True):
    """What the server sends unasked; every push here names its channel."""

    channel: str = ""
    pub: Publication | None = None
    unsubscribe: Unsubscribe | None = None


class Reply(Message, frozen=True):
    """The envelope of all that a client receives; an empty one is a ping."""

    id: UInt32 = 0
    error: ErrorReply | None = None
    push: Push | None = None
    connect: ConnectResult | None = None
    subscribe: SubscribeResult | None = None
    unsubscribe: UnsubscribeResult | None = None
    publish: PublishResult | None = None
    history: HistoryResult | None = None
