"""Subscribing and leaving: the ordering guarantee of the protocol, step by step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from legato.exceptions import Disconnect, Error
from legato.realtime.client.recovery import publications_after, publications_missed
from legato.realtime.client.rules import authorize, encode_answer, resolve, run_hook
from legato.realtime.client.subscription import Subscription
from legato.realtime.protocol import messages
from legato.realtime.protocol.codes import DisconnectCode, ErrorCode
from legato.realtime.protocol.messages import (
    Reply,
    StreamPosition,
    SubscribeResult,
    UnsubscribeResult,
)

if TYPE_CHECKING:
    from legato.realtime.client.connection import Connection

__all__ = ["run_on_unsubscribe", "subscribe", "unsubscribe"]

REJECT_UNRECOVERED = 2
"""The bit of ``SubscribeRequest.flag`` that asks for error 112 instead."""

DELTA_TYPES = ("", "fossil")


async def subscribe(
    connection: Connection, id: int, request: messages.SubscribeRequest
) -> None:
    _check_subscribe(connection, request)
    channel, parts = resolve(connection, request.channel)
    subscription = Subscription(connection, request.channel, channel, parts)
    connection.subscriptions[request.channel] = subscription
    try:
        await authorize(connection, channel, parts)
        data = await run_hook(connection, channel, "on_subscribe", parts)
        subscription.entered = True
        result = SubscribeResult(data=encode_answer(connection, data))
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
        page = await node.broker.history(
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
    # The client has left and has no use for an answer.
    with contextlib.suppress(Error, Disconnect):
        channel, parts = subscription.channel, subscription.parts
        await run_hook(connection, channel, "on_unsubscribe", parts)
