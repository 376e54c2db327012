"""Notes of what Django tells and opens: signals, log records, warnings, bodies."""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.signals import (
    got_request_exception,
    request_finished,
    request_started,
)

from tests.http.differential.journal import complaints, current, note

__all__ = ["watch_bodies", "watch_log", "watch_signals", "watch_warnings"]

SIGNALS = {
    "request_started": request_started,
    "request_finished": request_finished,
    "got_request_exception": got_request_exception,
}


@contextmanager
def watch_signals(handler_class: type, receivers: str) -> Iterator[None]:
    """Note the signals in receivers: "", "sync" or "both"."""

    def receiver(name: str) -> Any:
        def receive(**kwargs: Any) -> None:
            sender = kwargs["sender"]
            # Legato's handler sends in the name of the class that it extends.
            known = sender is not None and issubclass(handler_class, sender)
            note(f"signal {name}{'' if known else f' from {sender}'}", "apart")

        return receive

    def async_receiver(name: str) -> Any:
        async def receive(**kwargs: Any) -> None:
            note(f"signal {name}, async", "loop")

        return receive

    makers = {"": [], "sync": [receiver], "both": [receiver, async_receiver]}
    with ExitStack() as stack:
        for name, signal in SIGNALS.items():
            for make in makers[receivers]:
                connected = make(name)
                signal.connect(connected, weak=False)
                stack.callback(signal.disconnect, connected)
        yield


class Records(logging.Handler):
    """Notes every record, with what logging of requests attaches to it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "asyncio":
            if not record.msg.startswith("Executing "):  # takes long, in debug mode
                complaints.append(record.getMessage())
            return
        status = getattr(record, "status_code", None)
        kind = record.exc_info[0] if record.exc_info else None
        error = kind.__name__ if kind else None
        text = without_addresses(record.getMessage())
        note(f"log {record.name} {record.levelname} {text!r} {status} {error}", "apart")


class BodyFile(tempfile.SpooledTemporaryFile[bytes]):
    """Where Django's handler keeps the body of a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current().expect_closed("body", self)


@contextmanager
def watch_bodies() -> Iterator[None]:
    original = tempfile.SpooledTemporaryFile
    tempfile.SpooledTemporaryFile = BodyFile  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        tempfile.SpooledTemporaryFile = original  # type: ignore[misc]


@contextmanager
def watch_log() -> Iterator[None]:
    """Note all records. Other handlers are out: pytest's keeps requests alive."""
    others = logging.root.handlers
    logging.root.handlers = [Records(logging.INFO)]
    try:
        yield
    finally:
        logging.root.handlers = others


@contextmanager
def watch_warnings() -> Iterator[list[str]]:
    """Collects the texts of all warnings; the list is filled when the block ends."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    for warning in caught:
        text = without_addresses(str(warning.message))
        texts.append(f"{warning.category.__name__}: {text}")


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text)
