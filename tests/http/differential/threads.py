"""Which code may run on which thread."""

from __future__ import annotations

from tests.http.differential.journal import Event
from tests.http.differential.observe import Answer, Observation

__all__ = ["broken_rules", "moved_to_the_loop"]


def broken_rules(observation: Observation) -> list[str]:
    """What ran where it must not, whichever handler served it."""
    return [
        f"request {n}: {broken}"
        for n, answer in enumerate(observation.answers)
        for broken in in_one_request(answer)
    ]


def in_one_request(answer: Answer) -> list[str]:
    broken = []
    own: dict[str, str] = {}
    for event in answer.events:
        looping = on_loop(event, answer)
        if event.runs == "loop" and not looping:
            broken.append(f"{event.what!r} is async and ran on {event.thread.name}")
        if event.runs in ("thread", "stream") and looping:
            broken.append(f"{event.what!r} is sync and ran on the loop")
        if event.runs == "thread" or (event.runs == "either" and not looping):
            own.setdefault(event.thread.name, event.what)
    if len(own) > 1:
        broken.append(f"several threads for one request, from where on: {own}")
    return broken


def moved_to_the_loop(stock: Observation, ours: Observation) -> list[str]:
    """What Django keeps off the loop, and the other handler does not."""
    return [
        f"{our_event.what!r} ran on the loop"
        for answer, our_answer in zip(stock.answers, ours.answers, strict=True)
        for event, our_event in zip(answer.events, our_answer.events, strict=False)
        if on_loop(our_event, our_answer) and not on_loop(event, answer)
        if event.what == our_event.what and event.runs != "either"
    ]


def on_loop(event: Event, answer: Answer) -> bool:
    return event.thread is answer.loop_thread
