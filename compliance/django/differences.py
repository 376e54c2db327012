"""Tests of Django that pass with its own handler and not with ours, and why."""

from __future__ import annotations

from dataclasses import dataclass
from re import fullmatch

__all__ = ["DIFFERENCES", "Difference"]

ALL = frozenset({"as_chosen", "async_lane", "bridged"})
SERVED = frozenset({"as_chosen", "async_lane"})


@dataclass(frozen=True)
class Difference:
    """One test or several that differ for one reason.

    Attributes:
        tests: A regular expression for their names.
        modes: Functions of ``ours`` in which they differ.
        reason: In words for somebody who wonders whether it matters.
        releases: Those of Django that it is about, as in "5.2"; "" is any.
    """

    tests: str
    modes: frozenset[str]
    reason: str
    releases: tuple[str, ...] = ("",)

    def covers(self, test: str, mode: str, django: str) -> bool:
        return (
            mode in self.modes
            and django.startswith(self.releases)
            and fullmatch(self.tests, test) is not None
        )


DIFFERENCES = [
    # What Legato does otherwise.
    Difference(
        r"asgi\.tests\.ASGITest\."
        r"test_(disconnect_with_body|assert_in_listen_for_disconnect)",
        frozenset({"as_chosen"}),
        "Nobody listens for the client while a sync view has its thread: a view in a "
        "thread cannot be stopped anyway, and what is sent to nobody is dropped.",
    ),
    Difference(
        r"asgi\.tests\.ASGITest\.test_asyncio_streaming_cancel_error",
        ALL,
        "A stream whose first piece takes a while is opened with an empty message, so "
        "that servers which wait for a piece send the status at once.",
    ),
    Difference(
        r"asgi\.tests\.ASGITest\.test_read_body_thread",
        ALL,
        "A body that comes in one message is in memory already: no temporary file is "
        "made, and that is what the test replaces.",
    ),
    Difference(
        r"middleware_exceptions\.tests\.MiddlewareNotUsedTests\.test_log(_\w+)?",
        ALL,
        "Two chains are loaded, and the async one first says in the log (DEBUG) that "
        "it adapts a handler.",
    ),
    Difference(
        r"middleware_exceptions\.tests\.MiddlewareSyncAsyncTests"
        r"\.test_async_middleware",
        ALL,
        "Expects the log line (DEBUG) of a sync chain that adapts async middleware.",
    ),
    # What comes from the way the sync test client is driven here.
    Difference(
        r"auth_tests\.test_remote_user\.("
        r"\w+\.test_(header_disappears|known_user|last_login|user_switch\w+login)|"
        r"(?!RemoteUserNoCreate)\w+\.test_unknown_user|"
        r"AllowAllUsers\w+\.test_inactive_user)",
        ALL,
        "Before Django 6.1 an async RemoteUserMiddleware looks for a header only, "
        "and the request of the sync test client has none.",
        releases=("5.2", "6.0"),
    ),
    Difference(
        r"handlers\.tests\.SignalsTests\.test_request_signals\w*",
        SERVED,
        "Expects the WSGI environ with request_started, and a stream that is closed "
        "by the test: here it has been sent and closed.",
    ),
    Difference(
        r"view_tests\.tests\.test_static\.\w+\.test_chunked",
        SERVED,
        "ASGIHandler too reads files in larger blocks than the test expects.",
    ),
]
