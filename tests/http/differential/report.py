"""An observation as lines of text, without what differs from run to run."""

from __future__ import annotations

import hashlib
import re
import zlib
from itertools import groupby
from typing import Any

from tests.http.differential.journal import Event
from tests.http.differential.observe import Answer, Observation
from tests.http.differential.watch import without_addresses

__all__ = ["lines_of"]

VOLATILE = [
    (re.compile(r"^((?:sessionid|csrftoken)=)[^;\"][^;]*"), r"\1..."),
    (re.compile(r"^(messages=[^:]*:)[^;]*"), r"\1..."),
    (re.compile(r"(expires=)[^;]+"), r"\1..."),
]


def lines_of(observation: Observation) -> list[str]:
    lines: list[str] = []
    for n, answer in enumerate(observation.answers):
        head = f"request {n}: "
        lines += (head + line for line in answer_lines(answer, observation))
    lines += (f"row: {row}" for row in observation.rows)
    lines += sorted(
        f"warning: {text}"
        for text in observation.warnings
        if not text.startswith("ResourceWarning")
    )
    return lines


def answer_lines(answer: Answer, observation: Observation) -> list[str]:
    lines = [f"{event.what} {event.seen}" for event in in_order(answer.events)]
    if answer.escaped:
        lines.append(f"escaped: {without_addresses(answer.escaped)}")
    if answer.messages:
        start, *rest = answer.messages
        lines.append(f"{start['type']} {start['status']}")
        # Developers' pages have as many bytes, and so messages, as frames are deep.
        is_page = observation.example.debug and start["status"] >= 400
        headers, body = readable(start, rest)
        if is_page:
            body = b"a page for developers"
            headers = [each for each in headers if not each.startswith(OF_CONTENT)]
        lines += (f"header {header}" for header in headers)
        more = bool(rest) and rest[-1].get("more_body", False) and not is_page
        lines.append(f"body {excerpt(body)}{' and more' if more else ''}")
    return lines


def in_order(events: list[Event]) -> list[Event]:
    """Sync and async receivers of a signal run side by side: an order for both."""
    ordered: list[Event] = []
    for is_signal, run in groupby(events, lambda e: e.what.startswith("signal ")):
        group = list(run)
        ordered += sorted(group, key=lambda e: e.what) if is_signal else group
    return ordered


def readable(start: Any, rest: list[Any]) -> tuple[list[str], bytes]:
    """The headers, sorted, and the body, without compression."""
    headers = [
        (name.decode(), value.decode("latin1")) for name, value in start["headers"]
    ]
    body = b"".join(message.get("body", b"") for message in rest)
    given = {name.lower(): value for name, value in headers}
    if given.get("content-encoding") == "gzip":
        body = zlib.decompressobj(31).decompress(body)
        # Django pads it with a random number of bytes.
        headers = [(n, v) for n, v in headers if n.lower() not in UNDER_GZIP]
    body = re.sub(rb'nonce="[^"]*"', b'nonce="..."', body)
    return sorted(header(name, value) for name, value in headers), body


OF_CONTENT = ("Content-Length", "ETag")
UNDER_GZIP = {"content-length", "etag"}


def header(name: str, value: str) -> str:
    if name.lower() in {"age", "expires"}:
        return f"{name}: ..."
    if name.lower() == "set-cookie":
        for pattern, replacement in VOLATILE:
            value = pattern.sub(replacement, value)
    return f"{name}: {value}"


def excerpt(body: bytes) -> str:
    if len(body) <= 200:
        return repr(body)
    digest = hashlib.sha256(body).hexdigest()[:8]
    return f"{body[:100]!r}... of {len(body)} bytes, {digest}"
