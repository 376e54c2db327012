"""What a client may do with a channel, and how its hooks are asked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from legato.realtime.channels.channel import Channel
from legato.realtime.channels.hooks import HookFailure, call_hook
from legato.realtime.channels.payload import encode_payload
from legato.realtime.channels.registry import registry
from legato.realtime.protocol import messages
from legato.realtime.protocol.codes import ErrorCode

if TYPE_CHECKING:
    from legato.realtime.client.connection import Connection

__all__ = [
    "authorize",
    "authorize_use",
    "defines",
    "encode_answer",
    "resolve",
    "run_hook",
]

logger = logging.getLogger("legato.client")


def resolve(connection: Connection, name: str) -> tuple[Channel, dict[str, Any]]:
    if len(name) > connection.settings.channel_max_length or not name.isascii():
        raise ErrorCode.BAD_REQUEST.error()
    found = registry.resolve(name)
    if found is None:
        raise ErrorCode.UNKNOWN_CHANNEL.error()
    return found


def encode_answer(connection: Connection, answer: Any) -> msgspec.Raw:
    """What a hook answered; None is no data."""
    if answer is None:
        return messages.NO_DATA
    return encode_payload(answer, connection.settings.payload_max_size)


async def authorize(
    connection: Connection, channel: Channel, parts: dict[str, Any]
) -> None:
    assert connection.client is not None
    if not connection.client.user.is_authenticated and not channel.anonymous:
        raise ErrorCode.PERMISSION_DENIED.error()
    allowed = await run_hook(connection, channel, "authorize", parts)
    if allowed is not True:
        if allowed:
            # Truthy is not enough: a coroutine nobody awaited is truthy as well.
            logger.error(
                "%s.authorize() returned %r, which allows nothing: return a bool.",
                type(channel).__qualname__,
                type(allowed).__name__,
            )
        raise ErrorCode.PERMISSION_DENIED.error()


async def authorize_use(
    connection: Connection, name: str, channel: Channel, parts: dict[str, Any]
) -> None:
    """Subscribers have been authorized; others are asked about now."""
    if name not in connection.subscriptions:
        await authorize(connection, channel, parts)


def defines(channel: Channel, hook: str) -> bool:
    return getattr(type(channel), hook) is not getattr(Channel, hook)


async def run_hook(
    connection: Connection,
    channel: Channel,
    hook: str,
    parts: dict[str, Any],
    *args: Any,
) -> Any:
    """Run a hook; those that no subclass defines cost nothing and return None."""
    if not defines(channel, hook):
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
