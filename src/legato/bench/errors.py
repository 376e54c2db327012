"""What can go wrong in a run, and what merely is not there."""

from __future__ import annotations


class BenchError(Exception):
    """The run cannot go on; the message says what to do."""


class UnavailableError(BenchError):
    """An alternative cannot run here; the message is the sentence to print."""
