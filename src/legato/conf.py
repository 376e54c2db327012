"""The ``LEGATO`` setting: every key, its type, its default and its bounds."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from msgspec import Meta, Struct

__all__ = ["Settings", "get_settings", "setting_names"]

Path = Annotated[str, Meta(pattern=r"^(/[-\w.~]+)+\Z")]
OptionalPath = Annotated[str, Meta(pattern=r"^((/[-\w.~]+)+)?\Z")]
Prefix = Annotated[str, Meta(pattern=r"^[-\w.:]+\Z")]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(gt=0)]


class Settings(Struct, frozen=True, rename="upper"):
    """Typed values of ``settings.LEGATO``; keys there are these names in upper case.

    Attributes:
        handler: "legato" answers HTTP requests in lanes, "django" as Django alone.
        threads: Threads for synchronous code, and so database connections per alias.
        thread_timeout: Seconds a request waits for a thread before it gets 503.
        inline_middleware: Dotted paths of middleware that never block: they run on
            the event loop.
        broker: Where channels are kept. ``memory://`` serves one process; Redis, at
            ``redis://``, ``rediss://``, ``unix://`` or ``redis+sentinel://``, many.
        broker_prefix: Begins the names of all keys and channels in Redis.
        broker_timeout: Seconds a publication or a read waits for a broker that does
            not answer.
        connection_path: Prefix of the realtime endpoints; the WebSocket is at
            ``<connection_path>/websocket``.
        health_path: Answers 200 while the process serves; "" turns it off.
        ready_path: Answers 200 while the process should get requests, 503 while it
            shuts down or its broker is away; "" turns it off.
        drain_timeout: Seconds over which a process that stops ends live connections.
        graceful_timeout: Seconds until a process that stops has stopped, whatever
            is still under way.
        ping_interval: Seconds between pings to a client.
        pong_timeout: Seconds a client has to answer a ping; below the interval.
        connect_timeout: Seconds a new connection has to send its connect command.
        hook_timeout: Seconds a hook of a channel may take.
        session_check_interval: Seconds, at most, between looks whether a
            connection's Django session is still that of its user.
        channel_limit: Subscriptions a connection may have.
        channel_max_length: Characters in a channel name.
        message_max_size: Bytes in one message of a client.
        outbox_max_size: Bytes that may wait for one client before it is cut off.
        command_rate: Commands a second a connection may send in the long run.
        command_burst: Commands it may send at once.
        history_max_publications: Publications in one answer to a history command.
        recovery_max_publications: Missed publications a client may recover.
        memory_max_channels: Channels the memory broker keeps.
        memory_max_bytes: Bytes of publications the memory broker keeps.
    """

    handler: Literal["legato", "django"] = "legato"
    threads: Count = 16
    thread_timeout: Seconds = 10.0
    inline_middleware: tuple[str, ...] = ()
    broker: str = "memory://"
    broker_prefix: Prefix = "legato"
    broker_timeout: Seconds = 10.0
    connection_path: Path = "/connection"
    health_path: OptionalPath = "/health"
    ready_path: OptionalPath = "/ready"
    drain_timeout: Annotated[float, Meta(ge=0)] = 15.0
    graceful_timeout: Seconds = 30.0
    ping_interval: Seconds = 25.0
    pong_timeout: Seconds = 8.0
    connect_timeout: Seconds = 10.0
    hook_timeout: Seconds = 10.0
    session_check_interval: Seconds = 300.0
    channel_limit: Count = 128
    channel_max_length: Count = 255
    message_max_size: Count = 65_536
    outbox_max_size: Count = 1_048_576
    command_rate: Rate = 100.0
    command_burst: Count = 500
    history_max_publications: Count = 300
    recovery_max_publications: Count = 300
    memory_max_channels: Count = 10_000
    memory_max_bytes: Count = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.pong_timeout >= self.ping_interval:
            raise ValueError(
                f"PONG_TIMEOUT ({self.pong_timeout} s) must be smaller than"
                f" PING_INTERVAL ({self.ping_interval} s)"
            )
        if self.drain_timeout >= self.graceful_timeout:
            raise ValueError(
                f"DRAIN_TIMEOUT ({self.drain_timeout} s) must be smaller than"
                f" GRACEFUL_TIMEOUT ({self.graceful_timeout} s)"
            )
        if self.message_max_size > self.payload_max_size:
            raise ValueError(
                f"MESSAGE_MAX_SIZE ({self.message_max_size}) must be at most a quarter"
                f" of OUTBOX_MAX_SIZE ({self.outbox_max_size})"
            )

    @property
    def websocket_path(self) -> str:
        """Where clients connect."""
        return f"{self.connection_path}/websocket"

    @property
    def payload_max_size(self) -> int:
        """Bytes of data in one publication: several have to fit into an outbox."""
        return self.outbox_max_size // 4


def setting_names() -> list[str]:
    """The keys that ``LEGATO`` may have."""
    return list(Settings.__struct_encode_fields__)


def convert_settings(values: Any) -> Settings:
    """Values of the ``LEGATO`` dict as typed settings.

    Raises:
        msgspec.ValidationError: a value is of the wrong type or out of bounds.
    """
    return msgspec.convert(values, Settings)


@cache
def get_settings() -> Settings:
    """The project's settings, read once.

    Raises:
        ImproperlyConfigured: a value is of the wrong type or out of bounds.
    """
    try:
        return convert_settings(getattr(django_settings, "LEGATO", {}))
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"settings.LEGATO: {error}") from None


def _reset(*, setting: str, **kwargs: Any) -> None:
    if setting == "LEGATO":
        get_settings.cache_clear()


setting_changed.connect(_reset, dispatch_uid="legato.conf")
