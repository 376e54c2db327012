"""What each command does. A handler replies itself, or raises what the client gets."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from legato.exceptions import Disconnect, Error
from legato.realtime.channels.auth import load_user
from legato.realtime.channels.channel import Channel
from legato.realtime.channels.client import Client
from legato.realtime.channels.hooks import HookFailure, call_hook
from legato.realtime.channels.payload import decode_payload, encode_payload
from legato.realtime.channels.registry import registry
from legato.realtime.client.recovery import (
    publications_after,
    publications_missed,
    within_size,
)
from legato.realtime.client.subscription import Subscription
from legato.realtime.protocol import messages
from legato.realtime.protocol.codes import DisconnectCode, ErrorCode
from legato.realtime.protocol.messages import (
    ClientInfo,
    ConnectResult,
    HistoryResult,
    Publication,
    PublishResult,
    Reply,
    StreamPosition,
    SubscribeResult,
    UnsubscribeResult,
)

if TYPE_CHECKING:
    from legato.realtime.client.connection import Connection

__all__ = ["HANDLERS", "run_on_unsubscribe"]

VERSION = f"Legato {importlib.metadata.version('django-legato')}"

REJECT_UNRECOVERED = 2
"""The bit of ``SubscribeRequest.flag`` that asks for error 112 instead."""

NAME_MAX_LENGTH = 64
"""Characters kept of what an SDK calls itself."""

DELTA_TYPES = ("", "fossil")

logger = logging.getLogger("legato.client")


# ── connect ─────────────────────────────────────────────────────────────────


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


# ── subscribe and unsubscribe ───────────────────────────────────────────────


async def subscribe(
    connection: Connection, id: int, request: messages.SubscribeRequest
) -> None:
    _check_subscribe(connection, request)
    channel, parts = _resolve(connection, request.channel)
    subscription = Subscription(connection, request.channel, channel, parts)
    connection.subscriptions[request.channel] = subscription
    try:
        await _authorize(connection, channel, parts)
        data = await _call(connection, channel, "on_subscribe", parts)
        subscription.entered = True
        result = SubscribeResult(data=_encode(connection, data))
        await _go_live(connection, subscription, id, request, result)
    except Exception:
        connection.drop_subscription(subscription)
        await run_on_unsubscribe(connection, subscription)
        raise


def _check_subscribe(
    connection: Connection, request: messages.SubscribeRequest
) -> None:
    if request.channel in connection.subscriptions:
        raise ErrorCode.ALREADY_SUBSCRIBED.error()
    if len(connection.subscriptions) >= connection.settings.channel_limit:
        raise ErrorCode.LIMIT_EXCEEDED.error()
    if request.delta not in DELTA_TYPES:
        raise DisconnectCode.BAD_REQUEST.disconnect()
    if request.type:
        raise ErrorCode.NOT_AVAILABLE.error()
    if bytes(request.tf) not in (b"", b"null"):
        raise ErrorCode.BAD_REQUEST.error()


async def _go_live(
    connection: Connection,
    subscription: Subscription,
    id: int,
    request: messages.SubscribeRequest,
    result: SubscribeResult,
) -> None:
    """Join, read what was missed, reply, and follow: nothing lost, nothing twice.

    The order is that of the module ``recovery``; between taking the buffer and going
    live there is no await.
    """
    node, settings = connection.node, connection.settings
    feed = await node.join(request.channel, subscription)
    if not subscription.channel.retention.keeps_history:
        position = None
    else:
        since = StreamPosition(request.offset, request.epoch)
        page = await node.history(
            request.channel,
            # Without an epoch, so that a foreign one is found by comparison.
            since=StreamPosition(request.offset),
            limit=settings.recovery_max_publications if request.recover else 0,
        )
        live = publications_after(page.top, subscription.take_buffer())
        position = StreamPosition(page.top.offset + len(live), page.top.epoch)
        missed = None
        if request.recover:
            max_size = settings.outbox_max_size // 2
            missed = publications_missed(since, page, max_size)
            _count_recovery(connection, request, recovered=missed is not None)
        result = msgspec.structs.replace(
            result,
            recoverable=True,
            positioned=True,
            epoch=position.epoch,
            was_recovering=request.recover,
            recovered=missed is not None,
            offset=position.offset if missed is None else request.offset,
            publications=None if missed is None else (missed + live) or None,
        )
    if connection.closed:
        return  # Connection.end() leaves the feed
    connection.reply(Reply(id=id, subscribe=result))
    feed.go_live(subscription, position)


def _count_recovery(
    connection: Connection, request: messages.SubscribeRequest, *, recovered: bool
) -> None:
    if recovered:
        connection.node.stats.recovered += 1
        return
    connection.node.stats.unrecovered += 1
    if request.flag & REJECT_UNRECOVERED:
        raise ErrorCode.UNRECOVERABLE_POSITION.error()


async def unsubscribe(
    connection: Connection, id: int, request: messages.UnsubscribeRequest
) -> None:
    subscription = connection.subscriptions.get(request.channel)
    if subscription is not None:
        connection.drop_subscription(subscription)
    connection.reply(Reply(id=id, unsubscribe=UnsubscribeResult()))
    if subscription is not None:
        await run_on_unsubscribe(connection, subscription)


async def run_on_unsubscribe(
    connection: Connection, subscription: Subscription
) -> None:
    """Tell the channel that a client has left; its failures reach nobody else."""
    if not subscription.entered:
        return
    subscription.entered = False
    try:
        channel, parts = subscription.channel, subscription.parts
        await _call(connection, channel, "on_unsubscribe", parts)
    except (Error, Disconnect):
        pass  # the client has left and has no use for an answer


# ── publish and history ─────────────────────────────────────────────────────


async def publish(
    connection: Connection, id: int, request: messages.PublishRequest
) -> None:
    channel, parts = _resolve(connection, request.channel)
    if request.type:
        raise ErrorCode.NOT_AVAILABLE.error()
    if not bytes(request.data):
        raise ErrorCode.BAD_REQUEST.error()
    if not _defines(channel, "on_publish"):
        raise ErrorCode.PERMISSION_DENIED.error()
    await _authorize_use(connection, request.channel, channel, parts)
    data = decode_payload(request.data)
    answer = await _call(connection, channel, "on_publish", parts, data)
    if answer is not None:
        # Encoded anew, for the hook may have edited the data in place.
        payload = _encode(connection, answer)
        info = ClientInfo(user=connection.user_id, client=connection.id)
        publication = Publication(data=payload, info=info)
        await connection.node.publish(request.channel, publication, channel.retention)
    connection.reply(Reply(id=id, publish=PublishResult()))


async def history(
    connection: Connection, id: int, request: messages.HistoryRequest
) -> None:
    channel, parts = _resolve(connection, request.channel)
    if not channel.retention.keeps_history:
        raise ErrorCode.NOT_AVAILABLE.error()
    await _authorize_use(connection, request.channel, channel, parts)
    if request.reverse and request.since is not None and not request.since.offset:
        raise ErrorCode.BAD_REQUEST.error()
    most = connection.settings.history_max_publications
    page = await connection.node.history(
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


# ── rules shared by the commands ────────────────────────────────────────────


def _resolve(connection: Connection, name: str) -> tuple[Channel, dict[str, Any]]:
    if len(name) > connection.settings.channel_max_length or not name.isascii():
        raise ErrorCode.BAD_REQUEST.error()
    found = registry.resolve(name)
    if found is None:
        raise ErrorCode.UNKNOWN_CHANNEL.error()
    return found


def _encode(connection: Connection, answer: Any) -> msgspec.Raw:
    """What a hook answered; None is no data."""
    if answer is None:
        return messages.NO_DATA
    return encode_payload(answer, connection.settings.payload_max_size)


async def _authorize(
    connection: Connection, channel: Channel, parts: dict[str, Any]
) -> None:
    assert connection.client is not None
    if not connection.client.user.is_authenticated and not channel.anonymous:
        raise ErrorCode.PERMISSION_DENIED.error()
    allowed = await _call(connection, channel, "authorize", parts)
    if allowed is not True:
        if allowed:
            # Truthy is not enough: a coroutine nobody awaited is truthy as well.
            logger.error(
                "%s.authorize() returned %r, which allows nothing: return a bool.",
                type(channel).__qualname__,
                type(allowed).__name__,
            )
        raise ErrorCode.PERMISSION_DENIED.error()


async def _authorize_use(
    connection: Connection, name: str, channel: Channel, parts: dict[str, Any]
) -> None:
    """Subscribers have been authorized; others are asked about now."""
    if name not in connection.subscriptions:
        await _authorize(connection, channel, parts)


def _defines(channel: Channel, hook: str) -> bool:
    return getattr(type(channel), hook) is not getattr(Channel, hook)


async def _call(
    connection: Connection,
    channel: Channel,
    hook: str,
    parts: dict[str, Any],
    *args: Any,
) -> Any:
    """Run a hook; those that no subclass defines cost nothing and return None."""
    if not _defines(channel, hook):
        return None
    try:
        return await call_hook(
            getattr(channel, hook),
            connection.client,
            *args,
            timeout=connection.settings.hook_timeout,
            **parts,
        )
    except HookFailure:
        connection.node.stats.failed_hooks += 1
        raise
