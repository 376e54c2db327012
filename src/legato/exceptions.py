"""What can go wrong, as exceptions that carry plain values.

::

    Exception
    ├── Error                     answers one command of a client; the connection lives
    │   └── UnrecoverablePosition     112: the epoch changed or the offset was trimmed
    ├── Disconnect                ends the connection of a client
    ├── BrokerUnavailable         the broker did not answer in time
    └── TimeoutError
        └── PoolTimeout               no thread became free in time

A hook of a :class:`legato.Channel` answers its client by raising ``Error`` or
``Disconnect``. Misuse by the developer raises ``RuntimeError``, ``TypeError``,
``ValueError`` or Django's ``ImproperlyConfigured`` instead.
"""

from __future__ import annotations

__all__ = [
    "BrokerUnavailable",
    "Disconnect",
    "Error",
    "PoolTimeout",
    "UnrecoverablePosition",
]


class Error(Exception):
    """An error reply to one command; the client stays connected.

    Args:
        code: 400 to 1999 for an application's own errors; lower codes are the
            protocol's (``legato.realtime.protocol.codes.ErrorCode``).
        message: Shown to the client, so free of secrets; never empty.
        temporary: True invites the client to try again.
    """

    def __init__(self, code: int, message: str, *, temporary: bool = False) -> None:
        super().__init__(code, message)
        if not 100 <= code <= 1999:
            raise ValueError(f"Error {code}: use a code of 400 to 1999.")
        if not message:
            raise ValueError(f"Error {code} needs a message: clients require one.")
        self.code = code
        self.message = message
        self.temporary = temporary

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class UnrecoverablePosition(Error):
    """The stream cannot be continued from the position a client named."""

    def __init__(self) -> None:
        super().__init__(112, "unrecoverable position")


class Disconnect(Exception):
    """The end of a client's connection.

    Args:
        code: 4000 to 4499 lets the client reconnect, 4500 to 4999 does not; both
            ranges belong to applications. 3000 to 3999 are the protocol's
            (``legato.realtime.protocol.codes.DisconnectCode``).
        reason: Shown to the client; at most 123 bytes of UTF-8, never empty.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        if not 3000 <= code <= 4999:
            raise ValueError(f"Disconnect {code}: use a code of 4000 to 4999.")
        if not reason or len(reason.encode()) > 123:
            raise ValueError(
                f"Disconnect {code} needs a reason of 1 to 123 bytes, the room"
                " a WebSocket close frame has."
            )
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


class PoolTimeout(TimeoutError):
    """All threads were busy for longer than a request may wait; it gets 503.

    Args:
        threads: The size of the pool, ``THREADS`` of the settings.
        timeout: Seconds waited, ``THREAD_TIMEOUT`` of the settings.
    """

    def __init__(self, threads: int, timeout: float) -> None:
        super().__init__(threads, timeout)
        self.threads = threads
        self.timeout = timeout

    def __str__(self) -> str:
        return f"No thread of {self.threads} became free within {self.timeout} s."


class BrokerUnavailable(Exception):
    """The broker did not answer within ``BROKER_TIMEOUT`` of the settings.

    Args:
        reason: What went wrong last, for the log; clients never see it.
        is_unsure: True when a publication may have gone out all the same, because
            the connection was lost before the answer came.
    """

    def __init__(self, reason: str, *, is_unsure: bool = False) -> None:
        super().__init__(reason)
        self.is_unsure = is_unsure
