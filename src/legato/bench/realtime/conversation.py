"""What one client says and hears until it is served, by system.

Each system has its own conversation; the sockets, frames and clocks around it are
the same for all (``crowd.py``).
"""

from __future__ import annotations

from typing import Protocol, Self

TEXT_SIZE = 128
_NUMBER_SIZE = 8
# Every publication of every system is a text of 128 characters: a running number of
# eight digits and this filling, by which the crowd knows a delivery from a reply.
FILLING = "x" * (TEXT_SIZE - _NUMBER_SIZE)


def text_of(number: int) -> str:
    return f"{number:0{_NUMBER_SIZE}d}{FILLING}"


def number_of(text: str) -> int:
    return int(text[:_NUMBER_SIZE])


class Conversation(Protocol):
    """One client's side of one connection.

    Attributes:
        path: The path of the WebSocket endpoint; None where the server speaks
            frames from the first byte, without a handshake.
        joined: Connected and subscribed: whatever is published now is delivered.
        heard: The numbers of the publications given to ``hear()``, in their order.
    """

    joined: bool
    heard: list[int]

    @property
    def path(self) -> str | None: ...

    def open(self) -> str | None:
        """The message to send once the WebSocket is open."""

    def hear(self, message: str) -> str | None:
        """Takes a message of the server; returns the one to answer it with."""

    def resume(self) -> Self:
        """The conversation of the same client on its next connection."""
