"""Responses that take long hold nothing while they wait for their client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.http.client import Answer, Connection, Events, connect
from tests.http.conftest import Serve
from tests.http.server import ONE_THREAD, Server, becomes, settled

pytestmark = pytest.mark.timeout(20, func_only=True)

MEGABYTE = 1024 * 1024
LARGE = 64 * MEGABYTE
SMALL_BUFFER = 65536

ROWS = 8_000  # Django fetches them in parts of 2,000.
EXPORT = b"".join(
    b"%d:%s\n" % (number, bytes([97 + number % 26]) * 1000)
    for number in range(1, ROWS + 1)
)


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


@asynccontextmanager
async def streaming(
    server: Server, path: str, receive_buffer: int | None = None
) -> AsyncIterator[tuple[Connection, Answer]]:
    """A client that has got the head of the response and reads no more yet."""
    async with connect(server.port, receive_buffer) as connection:
        await connection.send("GET", path, server.cookie)
        answer = await connection.answer()
        assert answer.status == 200
        yield connection, answer


async def stalled(server: Server, name: str) -> int:
    """Wait until the view that notes each piece makes none; how many it has made."""
    return len(await settled(lambda: server.notes(name)))


def begin_events(server: Server, paths: list[str]) -> list[Events]:
    """Open streams, a hundred at a time, and read the first event of each."""
    streams = []
    for start in range(0, len(paths), 100):
        part = paths[start : start + 100]
        begun = [Events(server.port, path, server.cookie) for path in part]
        for stream in begun:
            stream.begin()
            assert stream.next() == "begin"
        streams += begun
    return streams


@pytest.mark.parametrize(
    ("count", "conn_max_age", "kept"), [(200, 0, 0), (1000, 60, 16)]
)
async def test_many_idle_streams_hold_no_thread_and_no_connection(
    serve: Serve, count: int, conn_max_age: int, kept: int
) -> None:
    server = await serve(conn_max_age=conn_max_age, conn_health_checks=kept > 0)
    name = f"idle-{conn_max_age}"
    paths = [f"/{kind}/events/{name}" for kind in ["sync", "async"] * (count // 2)]
    streams = await asyncio.to_thread(begin_events, server, paths)

    async def holds_nothing() -> None:
        await becomes(server.connections, lambda connections: connections <= kept)
        await becomes(server.busy, 0)
        assert server.process.num_threads() < 40

    await holds_nothing()
    assert (await server.get("/sync/orm")).status == 200
    assert (await server.get("/async/orm")).status == 200
    # Each stream makes a query of its own, and is idle again.
    server.open(f"{name}-count")
    events = await asyncio.to_thread(lambda: [stream.next() for stream in streams])
    assert events == ["1"] * count
    await holds_nothing()
    for stream in streams:
        stream.cut()
    await becomes(lambda: len(server.notes(name)), 2 * count)
    assert server.notes(name).count("cancelled") == count
    assert server.notes(name).count("left") == count


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_stream_of_events_ends(serve: Serve, kind: str) -> None:
    server = await serve()
    name = f"{kind}-ends"
    server.open(f"{name}-count")
    server.open(f"{name}-end")
    async with streaming(server, f"/{kind}/events/{name}") as (_, answer):
        body = await answer.read()
    assert body == b"data: begin\n\ndata: 1\n\ndata: end\n\n"
    assert server.notes(name) == ["ended", "left"]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_an_async_generator_is_cancelled_when_its_client_goes_away(
    serve: Serve, kind: str
) -> None:
    server = await serve()
    name = f"{kind}-gone"
    async with streaming(server, f"/{kind}/events/{name}") as (connection, answer):
        await answer.piece()
        connection.cut()
    await becomes(lambda: server.notes(name), ["cancelled", "left"])


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_an_async_generator_may_use_the_database_when_its_client_has_gone(
    serve: Serve, kind: str
) -> None:
    server = await serve(threads=2)
    name = f"{kind}-half"
    async with streaming(server, f"/{kind}/answers/{name}") as (connection, answer):
        assert await answer.piece() == b"half"
        connection.cut()
    await server.rest()
    assert (await server.get(f"/exists/{name}")).json()["exists"]


async def test_a_sync_generator_streams_piece_by_piece(serve: Serve) -> None:
    server = await serve(threads=2)
    async with streaming(server, "/two-pieces/by-piece") as (_, answer):
        assert await answer.piece() == b"first"
        await server.noted("by-piece", "waiting")
        server.open("by-piece")
        assert await answer.read() == b"second"


async def test_a_sync_generator_is_closed_when_its_client_goes_away(
    serve: Serve,
) -> None:
    server = await serve(threads=2)
    stream = streaming(server, "/pieces/abandoned?count=1000", SMALL_BUFFER)
    async with stream as (connection, _):
        await stalled(server, "abandoned")
        connection.cut()
    await server.noted("abandoned", "closed")
    left = await becomes(
        lambda: server.notes("abandoned")[-1], lambda note: note != "closed"
    )
    assert left.startswith("left on legato-")


async def test_a_sync_generator_at_work_is_closed_after_the_piece_it_makes(
    serve: Serve,
) -> None:
    server = await serve(threads=2)
    async with streaming(server, "/two-pieces/at-work") as (connection, answer):
        assert await answer.piece() == b"first"
        await server.noted("at-work", "waiting")
        connection.cut()
    server.open("at-work")
    await becomes(lambda: server.notes("at-work"), ["waiting", "left"])


async def test_a_view_that_waits_is_cancelled_when_its_client_goes_away(
    serve: Serve,
) -> None:
    server = await serve()
    async with connect(server.port) as connection:
        await connection.send("GET", "/wait/gone", server.cookie)
        await server.noted("gone", "waiting")
        connection.cut()
    await becomes(lambda: server.notes("gone"), ["waiting", "cancelled"])


async def test_a_file_is_closed_when_its_client_goes_away(
    serve: Serve, large_file: Path
) -> None:
    server = await serve(threads=2)

    def is_open() -> bool:
        return str(large_file) in [file.path for file in server.process.open_files()]

    stream = streaming(server, f"/download?path={large_file}", SMALL_BUFFER)
    async with stream as (connection, _):
        assert is_open()
        connection.cut()
    await becomes(is_open, False)


async def test_a_slow_reader_of_a_sync_stream_costs_no_thread_and_little_memory(
    serve: Serve,
) -> None:
    server = await serve(threads=2)
    before = server.process.memory_info().rss
    path = f"/pieces/slow?count={LARGE // 65536}"
    async with streaming(server, path, SMALL_BUFFER) as (_, answer):
        assert await stalled(server, "slow") * 65536 < LARGE / 2
        await becomes(server.busy, 0)
        assert server.process.memory_info().rss - before < 16 * MEGABYTE
        numbers = [number.to_bytes(4, "big") for number in range(LARGE // 65536)]
        assert await answer.read() == b"".join(number * 16384 for number in numbers)
    assert server.process.memory_info().rss - before < 16 * MEGABYTE


async def test_slow_readers_of_files_stop_nobody(
    serve: Serve, large_file: Path
) -> None:
    server = await serve(threads=2)
    before = server.process.memory_info().rss
    path = f"/download?path={large_file}"
    async with AsyncExitStack() as streams:
        answers = []
        for _ in range(20):
            stream = streaming(server, path, SMALL_BUFFER)
            answers.append((await streams.enter_async_context(stream))[1])
        for kind in ["sync", "async"] * 10:
            assert (await server.get(f"/{kind}/orm")).status == 200
        await becomes(server.busy, 0)
        assert server.process.memory_info().rss - before < 16 * MEGABYTE
        assert await answers[0].read() == bytes(LARGE)
    assert server.process.memory_info().rss - before < 16 * MEGABYTE


@pytest.mark.parametrize(
    "kind", ["export", "async-export", "transaction-export", "queries-export"]
)
async def test_a_slow_reader_gets_every_row_while_others_use_the_threads(
    serve: Serve, kind: str
) -> None:
    server = await serve(threads=2)
    done = asyncio.Event()

    async def hammer(path: str) -> None:
        async with connect(server.port) as connection:
            while not done.is_set():
                answer = await connection.get(path, server.cookie)
                assert answer.status == 200

    async with asyncio.TaskGroup() as others:
        for path in ["/sync/orm", "/async/orm"] * 2:
            others.create_task(hammer(path))
        path = f"/{kind}/{kind}-user?rows={ROWS}"
        stream = streaming(server, path, SMALL_BUFFER)
        async with stream as (_, answer):
            body = bytearray()
            while piece := await answer.piece():
                body += piece
                # Slower than the server, which answers somebody else meanwhile.
                if len(body) // MEGABYTE > (len(body) - len(piece)) // MEGABYTE:
                    await server.get("/async/orm")
        done.set()
    assert bytes(body) == EXPORT
    await becomes(server.connections, 0)


@pytest.mark.parametrize("kind", ["export", "async-export", "transaction-export"])
async def test_a_cursor_keeps_its_thread_until_the_client_goes_away(
    serve: Serve, kind: str
) -> None:
    server = await serve(threads=2)
    name = f"{kind}-undone"
    stream = streaming(server, f"/{kind}/{name}", SMALL_BUFFER)
    async with stream as (connection, answer):
        assert await answer.piece()
        assert server.busy() == 1
        assert server.connections() == 1
        assert (await server.get("/sync/orm")).status == 200
        connection.cut()
    await becomes(server.busy, 0)
    await becomes(server.connections, 0)
    assert not (await server.get(f"/exists/{name}")).json()["exists"]


@pytest.mark.parametrize("kind", ["export", "async-export", "transaction-export"])
async def test_a_cursor_is_closed_on_a_connection_that_is_kept(
    serve: Serve, kind: str
) -> None:
    server = await serve(**ONE_THREAD)
    name = f"{kind}-cursor"
    stream = streaming(server, f"/{kind}/{name}", SMALL_BUFFER)
    async with stream as (connection, answer):
        assert await answer.piece()
        connection.cut()
    await becomes(server.busy, 0)
    assert (await server.get("/cursors")).json() == {"cursors": 0}
    if kind == "export":
        assert server.notes(name) == ["left on legato-1"]


async def test_queries_that_are_over_keep_no_thread(serve: Serve) -> None:
    server = await serve(threads=2)
    async with streaming(server, "/queries-export/over", SMALL_BUFFER):
        await becomes(server.busy, 0)
        await becomes(server.connections, 0)


async def test_a_transaction_of_a_stream_is_committed_at_its_end(serve: Serve) -> None:
    server = await serve(threads=2)
    async with streaming(server, f"/transaction-export/committed?rows={ROWS}") as (
        _,
        answer,
    ):
        assert len(await answer.read()) == len(EXPORT)
    assert (await server.get("/exists/committed")).json()["exists"]


BODY = bytes(4 * MEGABYTE)  # more than Django keeps in memory
FORM = (
    b'--frontier\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
    + BODY
    + b"\r\n--frontier--\r\n"
)
MULTIPART = {"content-type": "multipart/form-data; boundary=frontier"}


@pytest.mark.parametrize("kind", ["upload", "async-upload"])
@pytest.mark.parametrize(("headers", "body"), [({}, BODY), (MULTIPART, FORM)])
async def test_files_of_a_body_are_closed(
    serve: Serve, kind: str, headers: dict[str, str], body: bytes
) -> None:
    server = await serve(threads=2)
    name = f"{kind}-{len(body)}"
    server.open(name)
    files = server.files()
    async with connect(server.port) as connection:
        await connection.send("POST", f"/{kind}/{name}", headers, body)
        assert (await connection.answer()).status in (200, 204)
        assert f"read {len(BODY)}" in server.notes(name)
        # One more than before: the connection.
        await becomes(server.files, files + 1)


async def test_files_of_a_body_are_closed_when_the_client_goes_away(
    serve: Serve,
) -> None:
    server = await serve(threads=2)
    files = server.files()
    async with connect(server.port) as early, connect(server.port) as late:
        await late.send("POST", "/async-upload/cut", MULTIPART, FORM)
        await server.noted("cut", "waiting")
        more = {"content-length": str(2 * len(BODY))}
        await early.send("POST", "/upload/cut", more, BODY)
        # Two connections and the files of their bodies.
        await becomes(server.files, lambda count: count >= files + 4)
        early.cut()
        late.cut()
    await becomes(server.files, files)
    assert server.notes("cut") == [f"read {len(BODY)}", "waiting", "cancelled"]
