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
    flusher = Flusher(asyncio.get_running_loop(), limit=100)
    return Outbox(JSON_MESSAGES, sink, flusher, on_overflow=overflows)


async def test_frames_of_one_turn_leave_in_one_write(
    outbox: Outbox, sink: MemorySink
) -> None:
    outbox.push(b"a")
    outbox.push(b"b")
    assert sink.writes == []
    await turn()
    assert sink.writes == [b"a\nb"]
    outbox.push(b"c")
    await turn()
    assert sink.writes == [b"a\nb", b"c"]


async def test_one_turn_of_many_outboxes_takes_one_callback() -> None:
    loop = asyncio.get_running_loop()
    flusher, sinks = Flusher(loop, limit=100), [MemorySink() for _ in range(3)]
    for sink in sinks:
        Outbox(JSON_MESSAGES, sink, flusher, on_overflow=Overflows()).push(b"a")
    await turn()
    assert [sink.writes for sink in sinks] == [[b"a"]] * 3


async def test_much_in_one_turn_does_not_wait_for_its_end(
    outbox: Outbox, sink: MemorySink
) -> None:
    for _ in range(10):
        outbox.push(b"x" * 20)
    # Each time a quarter of the limit had come together, it left.
    assert sink.writes == [b"x" * 20 + b"\n" + b"x" * 20] * 5
    await turn()
    assert len(sink.writes) == 5


async def test_a_closed_outbox_amid_a_fan_out_writes_nothing(
    outbox: Outbox, sink: MemorySink
) -> None:
    outbox.abandon()
    outbox._flusher.push([outbox], b"late")
    await turn()
    assert sink.writes == []
    assert outbox.waiting is None


async def test_more_than_the_limit_in_the_transport_overflows_once(
    outbox: Outbox, sink: MemorySink, overflows: Overflows
) -> None:
    sink.unread, outbox.behind = 101, True
    for _ in range(3):
        outbox.push(b"x")
        await turn()
    assert overflows.count == 1
    assert sink.writes == [b"x"]


async def test_closing_sends_what_waits_first(outbox: Outbox, sink: MemorySink) -> None:
    outbox.push(b"bye")
    outbox.close(3001, "shutdown", flush=True)
    assert sink.writes == [b"bye"]
    assert sink.closed == (3001, "shutdown")
    outbox.push(b"late")
    await turn()
    assert sink.writes == [b"bye"]


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
        def write(self, message: bytes) -> None:
            raise ValueError

    flusher = Flusher(asyncio.get_running_loop(), limit=100)
    broken, sound, overflows = BrokenSink(), MemorySink(), Overflows()
    for sink in (broken, sound):
        outbox = Outbox(JSON_MESSAGES, sink, flusher, on_overflow=overflows)
        outbox.push(b"a")
    await turn()
    assert sound.writes == [b"a"]
    assert overflows.count == 1


async def test_draining_waits_only_for_a_client_that_lags(
    outbox: Outbox, sink: MemorySink
) -> None:
    sink.room.clear()
    await outbox.drain()
    sink.unread, outbox.behind = 30, True
    outbox.push(b"x")
    draining = asyncio.create_task(outbox.drain())
    await turn(3)
    assert sink.writes == [b"x"]
    assert not draining.done()
    sink.room.set()
    await draining
