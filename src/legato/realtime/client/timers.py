"""A connection's deadlines, all of them on one timer of the loop."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable

__all__ = ["Deadline", "Timers"]


class Deadline(enum.Enum):
    """What may be due."""

    STALE = enum.auto()  # still not connected
    PING = enum.auto()
    PONG = enum.auto()
    SESSION = enum.auto()  # look at the Django session again


class Timers:
    """Calls ``on_due`` with each deadline when its time has come.

    A deadline is set once or again and again, and never waits twice. There is one
    ``call_later`` for the earliest of them: thousands of idle connections cost a
    timer each and no task.
    """

    __slots__ = ("_due", "_handle", "_loop", "_on_due")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_due: Callable[[Deadline], None]
    ) -> None:
        self._loop = loop
        self._on_due = on_due
        self._due: dict[Deadline, float] = {}
        self._handle: asyncio.TimerHandle | None = None

    def set(self, deadline: Deadline, delay: float) -> None:
        """Have ``deadline`` due in ``delay`` seconds, whatever was set before."""
        self._due[deadline] = self._loop.time() + delay
        self._arm()

    def clear(self, deadline: Deadline) -> None:
        self._due.pop(deadline, None)

    def cancel(self) -> None:
        """Nothing is due any more."""
        self._due.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        when = min(self._due.values())
        if self._handle is not None:
            if self._handle.when() <= when:
                return  # an early wake-up finds nothing due and arms again
            self._handle.cancel()
        self._handle = self._loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._handle = None
        # uvloop counts whole milliseconds and may wake a fraction early.
        now = self._loop.time() + 0.001
        for deadline in [name for name, when in self._due.items() if when <= now]:
            if self._due.pop(deadline, None) is not None:
                self._on_due(deadline)
        if self._due:
            self._arm()
