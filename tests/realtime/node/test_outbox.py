from __future__ import annotations

import asyncio

import pytest

from legato.realtime.node.outbox import Flusher, Outbox
from legato.realtime.protocol.framing import JSON_MESSAGES
from tests.realtime.sinks import MemorySink, turn


class Overflows:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def overflows() -> Overflows:
    return Overflows()


@pytest.fixture
async def outbox(sink: MemorySink, overflows: Overflows) -> Outbox:
    flusher = Flusher(asyncio.get_running_loop())
    return Outbox(JSON_MESSAGES, sink, flusher, limit=100, on_overflow=overflows)


async def test_frames_of_one_turn_leave_in_one_write(
    outbox: Outbox, sink: MemorySink
) -> None:
    outbox.push(b"a")
    outbox.push(b"b")
    assert sink.writes == []
    await turn()
    assert sink.writes == [[b"a", b"b"]]
    outbox.push(b"c")
    await turn()
    assert sink.writes == [[b"a", b"b"], [b"c"]]


async def test_one_turn_of_many_outboxes_takes_one_callback() -> None:
    loop = asyncio.get_running_loop()
    flusher, sinks = Flusher(loop), [MemorySink() for _ in range(3)]
    for sink in sinks:
        Outbox(JSON_MESSAGES, sink, flusher, limit=100, on_overflow=Overflows()).push(
            b"a"
        )
    await turn()
    assert [sink.writes for sink in sinks] == [[[b"a"]]] * 3


async def test_more_than_the_limit_overflows_once_and_drops_what_waits(
    outbox: Outbox, sink: MemorySink, overflows: Overflows
) -> None:
    for _ in range(5):
        outbox.push(b"x" * 60)
    await turn()
    assert overflows.count == 1
    assert sink.writes == []


async def test_the_limit_counts_what_the_transport_holds(
    outbox: Outbox, sink: MemorySink, overflows: Overflows
) -> None:
    sink.unread = 101
    outbox.push(b"x")
    await turn()
    assert overflows.count == 1


async def test_closing_sends_what_waits_first(outbox: Outbox, sink: MemorySink) -> None:
    outbox.push(b"bye")
    outbox.close(3001, "shutdown", flush=True)
    assert sink.writes == [[b"bye"]]
    assert sink.closed == (3001, "shutdown")
    outbox.push(b"late")
    await turn()
    assert sink.writes == [[b"bye"]]


async def test_closing_without_flush_drops_what_waits(
    outbox: Outbox, sink: MemorySink
) -> None:
    outbox.push(b"bye")
    outbox.close(3008, "slow", flush=False)
    await turn()
    assert sink.writes == []
    assert sink.closed == (3008, "slow")


async def test_a_transport_that_fails_harms_no_other() -> None:
    class BrokenSink(MemorySink):
        def write(self, frames: list[bytes]) -> int:
            raise ValueError

    flusher = Flusher(asyncio.get_running_loop())
    broken, sound, overflows = BrokenSink(), MemorySink(), Overflows()
    for sink in (broken, sound):
        outbox = Outbox(JSON_MESSAGES, sink, flusher, limit=100, on_overflow=overflows)
        outbox.push(b"a")
    await turn()
    assert sound.writes == [[b"a"]]
    assert overflows.count == 1


async def test_draining_waits_only_for_a_client_that_lags(
    outbox: Outbox, sink: MemorySink
) -> None:
    sink.room.clear()
    await outbox.drain()
    sink.unread = 30
    outbox.push(b"x")
    draining = asyncio.create_task(outbox.drain())
    await turn(3)
    assert sink.writes == [[b"x"]]
    assert not draining.done()
    sink.room.set()
    await draining
