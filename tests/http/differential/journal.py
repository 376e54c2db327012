"""What happened while a request was answered: in order, on which thread, seeing what.

The journal of a request is in a context variable. Where code runs without the
request's context, its notes are strays, and those fail the test.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from django.urls import get_script_prefix, get_urlconf
from django.utils.translation import get_language

__all__ = [
    "Event",
    "Journal",
    "Runs",
    "complaints",
    "current",
    "leave_trail",
    "note",
    "strays",
]

Runs = Literal["thread", "loop", "either", "apart", "stream"]
"""Where code belongs.

- thread: synchronous code of the request; on one thread, never that of the loop.
- loop: coroutines.
- either: middleware that can run both ways, or is declared not to block.
- apart: wherever Django puts it, and not on the loop unless Django has it there.
- stream: synchronous code after the response has begun; off the loop.
"""

_journal: ContextVar[Journal] = ContextVar("journal")
_trail: ContextVar[tuple[str, ...]] = ContextVar("trail", default=())

strays: list[str] = []
"""Notes of code that ran without its request's context."""

complaints: list[str] = []
"""What asyncio has logged: exceptions that nobody has asked for, and the like."""


@dataclass(frozen=True)
class Event:
    what: str
    runs: Runs
    thread: threading.Thread
    seen: tuple[object, ...]


class Closable(Protocol):
    @property
    def closed(self) -> bool: ...

    def close(self) -> None: ...


class Journal:
    """One request's events and what it has to give back. Opened on the loop."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.loop_thread = threading.current_thread()
        self.gone = asyncio.Event()
        self.over = asyncio.Event()
        self.turn = asyncio.Lock()
        self.streams = False
        self.sync_stream = False
        self.closables: list[tuple[str, Closable]] = []
        self.coroutines: list[Coroutine[Any, Any, Any]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        _journal.set(self)
        _trail.set(())

    def expect_closed(self, what: str, closable: Closable) -> None:
        """It has to be closed when everything is over."""
        self.closables.append((what, closable))

    def close_leftovers(self) -> list[str]:
        """Close what nobody has closed; returns what that was."""
        left = [(what, each) for what, each in self.closables if not each.closed]
        for _, each in left:
            Context().run(close_unnoticed, each)
        for coroutine in self.coroutines:
            coroutine.close()
        return [f"{what} not closed" for what, _ in left]

    async def wait_for_good(self) -> None:
        """Until cancelled: the client leaves as soon as this waits."""
        self.gone.set()
        await asyncio.Event().wait()


def close_unnoticed(closable: Closable) -> None:
    """Close it outside of all requests: what it notes is about none of them."""
    Journal().open()
    closable.close()


def current() -> Journal:
    return _journal.get()


def note(what: str, runs: Runs) -> None:
    """Write down that ``what`` happens here and now."""
    journal = _journal.get(None)
    if journal is None:
        strays.append(what)
        return
    seen = (_trail.get(), get_urlconf(), get_script_prefix(), get_language())
    thread = threading.current_thread()
    if runs == "thread" and journal.streams:
        runs = "stream"
    journal.events.append(Event(what, runs, thread, seen))


def leave_trail(name: str) -> None:
    """Set a context variable that whatever comes later should see."""
    _trail.set((*_trail.get(), name))
