"""The numbers of the protocol: errors, disconnects, unsubscribes.

Ranges carry meaning for every SDK. A disconnect of 3000-3499 or 4000-4499 invites
the client to reconnect, 3500-3999 and 4500-4999 do not; an unsubscribe of 2500 and
above makes it subscribe again at once.
"""

from __future__ import annotations

import enum
from typing import Self

from legato.exceptions import Disconnect, Error

__all__ = ["DisconnectCode", "ErrorCode", "UnsubscribeCode"]


class ErrorCode(enum.IntEnum):
    """Errors in replies; the connection lives on."""

    message: str
    temporary: bool

    def __new__(cls, code: int, message: str, temporary: bool = False) -> ErrorCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.message = message
        member.temporary = temporary
        return member

    INTERNAL = 100, "internal server error", True
    UNAUTHORIZED = 101, "unauthorized"
    UNKNOWN_CHANNEL = 102, "unknown channel"
    PERMISSION_DENIED = 103, "permission denied"
    METHOD_NOT_FOUND = 104, "method not found"
    ALREADY_SUBSCRIBED = 105, "already subscribed"
    LIMIT_EXCEEDED = 106, "limit exceeded"
    BAD_REQUEST = 107, "bad request"
    NOT_AVAILABLE = 108, "not available"
    TOKEN_EXPIRED = 109, "token expired"
    EXPIRED = 110, "expired"
    TOO_MANY_REQUESTS = 111, "too many requests", True
    UNRECOVERABLE_POSITION = 112, "unrecoverable position"

    def error(self) -> Error:
        """A fresh exception; a shared one would collect tracebacks."""
        return Error(int(self), self.message, temporary=self.temporary)


class EndCode(enum.IntEnum):
    """A code with the reason that clients are told."""

    reason: str

    def __new__(cls, code: int, reason: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.reason = reason
        return member


class DisconnectCode(EndCode):
    """Why a connection ends."""

    CONNECTION_CLOSED = 3000, "connection closed"
    SHUTDOWN = 3001, "shutdown"
    SERVER_ERROR = 3004, "internal server error"
    EXPIRED = 3005, "connection expired"
    SLOW = 3008, "slow"
    INSUFFICIENT_STATE = 3010, "insufficient state"
    NO_PONG = 3012, "no pong"
    TOO_MANY_REQUESTS = 3013, "too many requests"
    BAD_REQUEST = 3501, "bad request"
    STALE = 3502, "stale"
    FORCE_DISCONNECT = 3503, "force disconnect"
    PERMISSION_DENIED = 3507, "permission denied"
    NOT_AVAILABLE = 3508, "not available"

    def disconnect(self) -> Disconnect:
        """A fresh exception; a shared one would collect tracebacks."""
        return Disconnect(int(self), self.reason)


class UnsubscribeCode(EndCode):
    """Why a subscription ends while the connection lives."""

    INSUFFICIENT_STATE = 2500, "insufficient state"
