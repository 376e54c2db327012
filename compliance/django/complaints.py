"""What goes wrong without failing a test: it is printed, or logged, and forgotten."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Any

__all__ = ["complaints", "gather", "listen"]

complaints: list[str] = []

LOGGERS = ("asyncio", "legato")


class Gatherer(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complaints.append(f"{record.name}: {self.format(record)}")


def listen() -> None:
    """From now on remember what nobody catches and what is warned of."""
    sys.unraisablehook = note_unraisable
    for name in LOGGERS:
        logging.getLogger(name).addHandler(Gatherer(logging.WARNING))


def gather() -> list[str]:
    """All complaints, those about what has been forgotten but not yet freed too."""
    gc.collect()
    return complaints


def note_unraisable(unraisable: Any) -> None:
    error = unraisable.exc_value
    complaints.append(f"{unraisable.err_msg} {unraisable.object!r}: {error!r}")
