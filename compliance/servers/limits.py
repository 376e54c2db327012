"""What the servers themselves cannot do, in words; the tests assert that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django


@dataclass(frozen=True)
class Limit:
    """What is seen in place of the usual, and why."""

    seen: Any
    why: str


_BY_SIGNAL = Limit(
    seen=-15,
    why="uvicorn stops in order, then ends by the signal that it has caught.",
)
_CHUNKS = Limit(
    seen=True,
    why="uvicorn with httptools sends chunks to clients of HTTP/1.0 as well; nginx "
    "understands them, other old clients may not.",
)
LIMITS: dict[tuple[str, str], Limit] = {
    ("uvicorn-httptools", "exit code"): _BY_SIGNAL,
    ("uvicorn-h11", "exit code"): _BY_SIGNAL,
    ("uvicorn-httptools", "chunks to HTTP/1.0"): _CHUNKS,
    ("gunicorn-uvicorn", "chunks to HTTP/1.0"): _CHUNKS,
    ("serve", "chunks to HTTP/1.0"): _CHUNKS,
    ("gunicorn-asgi", "head before the body"): Limit(
        seen=False,
        why="It sends status and headers with the first piece of the body, so that an "
        "EventSource opens when its first event comes.",
    ),
    ("daphne", "lifespan"): Limit(
        seen=[],
        why="daphne does not implement lifespan: Legato starts with the first request, "
        "and nobody tells it that the server ends.",
    ),
    ("daphne", "back-pressure"): Limit(
        seen=False,
        why="daphne takes all of a body at once and keeps what the client does not "
        "read in memory.",
    ),
    ("daphne", "end of a stream that fails"): Limit(
        seen="waits",
        why="daphne tries to send an error page in the middle of the answer, fails, "
        "leaves the client waiting, and looks after no failure from then on.",
    ),
}
"""By server and fact. What is Legato's fault does not belong here."""

if django.VERSION < (6, 0):
    LIMITS["granian", "split cookies"] = Limit(
        seen={"one": "1,two=2"},
        why="Browsers split cookies over several headers of HTTP/2. granian does not "
        "join them as RFC 9113 (8.2.3) asks it to, and Django 5.2 does not expect it.",
    )
