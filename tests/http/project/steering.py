"""What a test sees of the server process, and the gates that it opens there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from typing import Any

from legato.threads import pool

TIMEOUT = 15


class Gate:
    """Closed until a test opens it, for threads and for coroutines."""

    def __init__(self) -> None:
        self._thread_event = threading.Event()
        self._loop_event = asyncio.Event()

    def open(self) -> None:
        """Called on the loop."""
        self._thread_event.set()
        self._loop_event.set()

    def wait(self) -> None:
        """For threads: a test that fails leaves none behind for long."""
        assert self._thread_event.wait(TIMEOUT), "nobody opened the gate"

    async def passed(self) -> None:
        await self._loop_event.wait()


gates: defaultdict[str, Gate] = defaultdict(Gate)
notes: defaultdict[str, list[str]] = defaultdict(list)


def note(name: str, text: str) -> None:
    """Let the test ``name`` know of something."""
    notes[name].append(text)


def read_state() -> dict[str, int]:
    return {"busy": pool.busy, "tasks": len(asyncio.all_tasks())}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers on the loop, so that no thread, middleware or receiver is involved."""
    _, _, action, *names = scope["path"].split("/")
    if action == "open":
        gates[names[0]].open()
    answer = notes[names[0]] if action == "notes" else read_state()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
