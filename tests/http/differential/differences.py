"""The differences from Django that are meant, each erased from both observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.http.differential.client import BrokenConnection
from tests.http.differential.journal import Event
from tests.http.differential.observe import Answer, Observation

__all__ = ["DIFFERENCES", "erase"]


@dataclass(frozen=True)
class Difference:
    words: str
    erase: Callable[[Observation], None]


def collected_at_first(observation: Observation) -> None:
    observation.warnings = [
        text
        for text in observation.warnings
        if "StreamingHttpResponse must consume synchronous iterators" not in text
    ]
    for answer in observation.answers:
        if answer.sync_stream and (answer.escaped or answer.request.leaves):
            # How far it got: nowhere, or to its end, although nobody listened.
            drop(answer, lambda event: event.runs == "stream")
            drop(answer, lambda event: event.what.startswith("log legato.http ERROR"))
            del answer.messages[1:]
            if answer.request.leaves:
                answer.escaped = ""
                drop(answer, lambda event: event.what.startswith(CLOSING))
            observation.rows = without_rows_of_streams(observation)


def left_open(observation: Observation) -> None:
    for answer in observation.answers:
        if BrokenConnection.__name__ in answer.escaped:
            answer.escaped = ""
        if answer.escaped or answer.request.leaves.startswith("breaks"):
            drop(answer, lambda event: event.what.startswith(CLOSING))
        drop(answer, lambda event: event.what == "stream released")


def body_of_head(observation: Observation) -> None:
    for answer in observation.answers:
        if answer.request.method == "HEAD":
            if any(event.what.startswith(BODY) for event in answer.events):
                answer.escaped = ""
            drop(answer, made_by_iterator)
            del answer.messages[1:]
            observation.rows = without_rows_of_streams(observation)


def made_by_iterator(event: Event) -> bool:
    is_query = event.runs == "stream" and event.what.startswith("SQL")
    return is_query or event.what.startswith(BODY)


def without_rows_of_streams(observation: Observation) -> list[str]:
    return [row for row in observation.rows if not row.startswith("group 'row ")]


def early_refusal(observation: Observation) -> None:
    for answer in observation.answers:
        if is_undecodable(answer.request.query):
            answer.events.sort(key=lambda event: event.what)
            answer.events[:] = [replace(event, seen=()) for event in answer.events]


def is_undecodable(query: bytes) -> bool:
    return query.decode(errors="replace").encode() != query


def context_of_closing(observation: Observation) -> None:
    for answer in observation.answers:
        answer.events[:] = [
            replace(event, seen=()) if event.what.startswith(CLOSING) else event
            for event in answer.events
        ]


BODY = ("stream began", "piece", "a row")
CLOSING = ("response closed", "iterator closed", "signal request_finished")


def not_generated(observation: Observation) -> None:
    """Nothing to erase: ``strategies`` leaves it out."""


def not_observed(observation: Observation) -> None:
    """Nothing to erase: no note tells of it."""


DIFFERENCES = [
    Difference(
        "A sync iterator is sent piece by piece and, when the client leaves, closed; "
        "what it raises then is logged. Django collects it first, with a warning.",
        collected_at_first,
    ),
    Difference(
        "Whatever ends a response, it is closed, and its iterator at once. Django "
        "leaves that to the garbage collector when send() raises or the client goes. "
        "An OSError of send() is the client's going, and need not escape.",
        left_open,
    ),
    Difference(
        "The body of a response to HEAD is neither made by its iterator nor sent. With "
        "Django, the server drops it.",
        body_of_head,
    ),
    Difference(
        "A request that cannot be decoded is logged before request_started is sent.",
        early_refusal,
    ),
    Difference(
        "A response is closed in the context that the request has left behind. With "
        "Django before 6.1 it is the one before the request.",
        context_of_closing,
    ),
    Difference(
        "Nobody listens for the client's going while a request of the sync lane runs, "
        "so an async view that middleware sent there waits for good. Tasks that async "
        "code leaves behind in that lane get no thread, as below async_to_sync.",
        not_generated,
    ),
    Difference(
        "There are two objects of each middleware, one for each lane: what they keep "
        "in themselves is not shared, and what they log when made is logged twice.",
        not_observed,
    ),
    Difference(
        "A response of the sync lane is closed on its thread while it is being sent.",
        not_observed,
    ),
]


def erase(observation: Observation) -> None:
    for difference in DIFFERENCES:
        difference.erase(observation)


def drop(answer: Answer, unwanted: Callable[[Event], bool]) -> None:
    answer.events[:] = [event for event in answer.events if not unwanted(event)]
