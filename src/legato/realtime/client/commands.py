"""What each command does. A handler replies itself, or raises what the client gets."""

from __future__ import annotations

import asyncio
import importlib.metadata
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from legato.realtime.channels.auth import load_user
from legato.realtime.channels.client import Client
from legato.realtime.channels.payload import decode_payload
from legato.realtime.channels.registry import registry
from legato.realtime.client.recovery import within_size
from legato.realtime.client.rules import (
    authorize_use,
    defines,
    encode_answer,
    resolve,
    run_hook,
)
from legato.realtime.client.subscribe import subscribe, unsubscribe
from legato.realtime.protocol import messages
from legato.realtime.protocol.codes import DisconnectCode, ErrorCode
from legato.realtime.protocol.messages import (
    ClientInfo,
    ConnectResult,
    HistoryResult,
    Publication,
    PublishResult,
    Reply,
)

if TYPE_CHECKING:
    from legato.realtime.client.connection import Connection

__all__ = ["HANDLERS"]

VERSION = f"Legato {importlib.metadata.version('django-legato')}"

NAME_MAX_LENGTH = 64
"""Characters kept of what an SDK calls itself."""


async def connect(
    connection: Connection, id: int, request: messages.ConnectRequest
) -> None:
    async with asyncio.timeout(connection.settings.hook_timeout):
        user = await load_user(connection.session_key)
    if connection.closed:
        return
    if not user.is_authenticated and not registry.allows_anonymous():
        raise DisconnectCode.PERMISSION_DENIED.disconnect()
    connection.connected(
        Client(
            connection.id,
            user=user,
            session_key=connection.session_key,
            name=request.name[:NAME_MAX_LENGTH],
        )
    )
    result = ConnectResult(
        client=connection.id,
        version=VERSION,
        ping=math.ceil(connection.settings.ping_interval),
        pong=True,
    )
    connection.reply(Reply(id=id, connect=result))


async def publish(
    connection: Connection, id: int, request: messages.PublishRequest
) -> None:
    channel, parts = resolve(connection, request.channel)
    if request.type:
        raise ErrorCode.NOT_AVAILABLE.error()
    if not bytes(request.data):
        raise ErrorCode.BAD_REQUEST.error()
    if not defines(channel, "on_publish"):
        raise ErrorCode.PERMISSION_DENIED.error()
    await authorize_use(connection, request.channel, channel, parts)
    data = decode_payload(request.data)
    answer = await run_hook(connection, channel, "on_publish", parts, data)
    if answer is not None:
        # Encoded anew, for the hook may have edited the data in place.
        payload = encode_answer(connection, answer)
        info = ClientInfo(user=connection.user_id, client=connection.id)
        publication = Publication(data=payload, info=info)
        await connection.node.broker.publish(
            request.channel, publication, channel.retention
        )
    connection.reply(Reply(id=id, publish=PublishResult()))


async def history(
    connection: Connection, id: int, request: messages.HistoryRequest
) -> None:
    channel, parts = resolve(connection, request.channel)
    if not channel.retention.keeps_history:
        raise ErrorCode.NOT_AVAILABLE.error()
    await authorize_use(connection, request.channel, channel, parts)
    if request.reverse and request.since is not None and not request.since.offset:
        raise ErrorCode.BAD_REQUEST.error()
    most = connection.settings.history_max_publications
    page = await connection.node.broker.history(
        request.channel,
        since=request.since,
        limit=most if request.limit < 0 else min(request.limit, most),
        reverse=request.reverse,
    )
    # A page too large for the outbox would cut the client off; it pages on instead.
    size = connection.settings.outbox_max_size // 2
    result = HistoryResult(
        publications=within_size(page.publications, size),
        epoch=page.top.epoch,
        offset=page.top.offset,
    )
    connection.reply(Reply(id=id, history=result))


# ── what is not served here ─────────────────────────────────────────────────


async def not_available(connection: Connection, id: int, request: object) -> None:
    raise ErrorCode.NOT_AVAILABLE.error()


async def send(connection: Connection, id: int, request: object) -> None:
    # A send has no reply that could carry an error.
    raise DisconnectCode.NOT_AVAILABLE.disconnect()


async def sub_refresh(
    connection: Connection, id: int, request: messages.SubRefreshRequest
) -> None:
    if request.type:
        raise ErrorCode.NOT_AVAILABLE.error()
    if request.channel not in connection.subscriptions:
        raise ErrorCode.PERMISSION_DENIED.error()
    if not request.token:
        raise ErrorCode.BAD_REQUEST.error()
    # The server alone decides how long a subscription lasts.
    raise DisconnectCode.BAD_REQUEST.disconnect()


HANDLERS: dict[type, Callable[[Connection, int, Any], Awaitable[None]]] = {
    messages.ConnectRequest: connect,
    messages.SubscribeRequest: subscribe,
    messages.UnsubscribeRequest: unsubscribe,
    messages.PublishRequest: publish,
    messages.PresenceRequest: not_available,
    messages.PresenceStatsRequest: not_available,
    messages.HistoryRequest: history,
    messages.RpcRequest: not_available,
    messages.SendRequest: send,
    messages.SubRefreshRequest: sub_refresh,
}
