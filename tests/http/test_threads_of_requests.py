"""The threads that requests use: waited for, given back, and never waited for twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.http.client import connect
from tests.http.conftest import Serve
from tests.http.project import nestings
from tests.http.server import ONE_THREAD, WAITING, becomes

pytestmark = pytest.mark.timeout(20, func_only=True)

LARGE_BODY = bytes(4 * 1024 * 1024)  # more than Django keeps in memory

NESTING, ASYNC_ONLY, SYNC_ONLY = (
    f"tests.http.project.middleware.{name}"
    for name in ("Nesting", "async_only", "sync_only")
)
SYNC: dict[str, Any] = {"threads": 1, "middleware": (NESTING, SYNC_ONLY, NESTING)}
MIXED: dict[str, Any] = {
    "threads": 1,
    "middleware": (NESTING, ASYNC_ONLY, SYNC_ONLY, NESTING, ASYNC_ONLY),
    "importing": "tests.http.project.signals",
}
CHAINS = [
    pytest.param(ONE_THREAD, id="usual"),
    pytest.param(SYNC, id="sync"),
    pytest.param(MIXED, id="mixed"),
]

NESTINGS = [view.__name__ for view in nestings.NESTINGS]


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("nesting", NESTINGS)
async def test_nested_calls_find_their_thread(
    serve: Serve, chain: dict[str, Any], nesting: str
) -> None:
    server = await serve(**chain)
    answer = await server.get(f"/nestings/{nesting}")
    assert answer.status == 200
    places = answer.json()["places"]
    assert len(set(map(tuple, places))) == 1
    names = {thread for thread, _ in places}
    assert names | set(answer.headers.get("x-threads", "").split()) == {"legato-1"}


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_nested_calls_of_a_stream_find_a_thread(
    serve: Serve, chain: dict[str, Any], kind: str
) -> None:
    server = await serve(**chain)
    answer = await server.get(f"/nestings/{kind}_pieces")
    assert answer.body == b"legato-1\n" * 3


async def test_nested_calls_of_many_requests_take_turns(serve: Serve) -> None:
    server = await serve(**ONE_THREAD)
    paths = [f"/nestings/{nesting}" for nesting in NESTINGS] * 3
    answers = await asyncio.gather(*map(server.get, paths))
    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize(
    "path", ["/sync/orm", "/async/orm", "/nestings/sync_pieces", "/export/heard"]
)
async def test_receivers_of_both_kinds_hear_of_every_request(
    serve: Serve, path: str
) -> None:
    server = await serve(**MIXED)
    before = server.notes("signals")
    assert (await server.get(path)).status == 200

    def heard(notes: list[str]) -> bool:
        new = notes[len(before) :]
        begun = {f"started {path} legato-1", f"astarted {path} legato-1"}
        ended = {"finished legato-1", "afinished legato-1"}
        return set(new) == begun | ended and len(new) == 4

    await becomes(lambda: server.notes("signals"), heard)


@pytest.mark.parametrize("path", ["/upload/late", "/async-upload/late"])
async def test_the_body_of_a_request_that_gets_no_thread_is_closed(
    serve: Serve, path: str
) -> None:
    server = await serve(threads=1, thread_timeout=0.2)
    name = path.replace("/", "-")
    async with connect(server.port) as holder, connect(server.port) as late:
        await holder.send("GET", f"/hold/{name}", server.cookie)
        await server.noted(name, "held")
        files = server.files()
        await late.send("POST", path, server.cookie, LARGE_BODY)
        assert (await late.answer()).status == 503
        assert "No thread of 1" in server.complaints()
        await becomes(server.files, files)
        server.open(name)
        assert (await holder.answer()).status == 204
    assert server.notes("late") == []


@pytest.mark.parametrize("path", ["/sync/orm", "/async/orm"])
async def test_a_request_that_gets_no_thread_is_told_to_come_again(
    serve: Serve, path: str
) -> None:
    server = await serve(threads=1, thread_timeout=0.2)
    name = path.strip("/").replace("/", "-")
    async with connect(server.port) as holder:
        await holder.send("GET", f"/hold/{name}", server.cookie)
        await server.noted(name, "held")
        answers = await asyncio.gather(*[server.get(path) for _ in range(5)])
        assert {answer.status for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        complaints = server.complaints()
        assert "No thread of 1 became free within 0.2 s" in complaints
        assert path in complaints
        assert "Traceback" not in complaints
        server.open(name)
        assert (await holder.answer()).status == 204
    for again in ["/sync/orm", "/async/orm"]:
        assert (await server.get(again)).status == 200
    await becomes(server.connections, 0)


@pytest.mark.parametrize("path", ["/upload/nobody", "/async-upload/nobody"])
async def test_a_client_that_leaves_the_queue_takes_no_thread(
    serve: Serve, path: str
) -> None:
    server = await serve(**ONE_THREAD)
    name = path.replace("/", "-")
    async with connect(server.port) as holder:
        await holder.send("GET", f"/hold/{name}", server.cookie)
        await server.noted(name, "held")
        files = server.files()
        async with connect(server.port) as waiter:
            await waiter.send("POST", path, server.cookie, LARGE_BODY)
            await becomes(server.files, files + 2)  # the connection and the body
        await becomes(server.files, files)
        server.open(name)
        assert (await holder.answer()).status == 204
    await becomes(server.busy, 0)
    assert server.notes("nobody") == []


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_thread_at_work_is_kept_when_its_client_goes_away(
    serve: Serve, kind: str
) -> None:
    server = await serve(**ONE_THREAD)
    server.database.execute("select pg_advisory_lock(1)")
    async with connect(server.port) as connection:
        await connection.send("GET", f"/{kind}/orm?lock=1", server.cookie)
        await becomes(lambda: server.count(WAITING), 1)
        connection.cut()
    assert server.busy() == 1
    server.database.execute("select pg_advisory_unlock(1)")
    await becomes(server.busy, 0)
    assert (await server.get("/async/orm")).status == 200


async def test_a_task_that_outlives_its_request_takes_a_thread_for_each_call(
    serve: Serve,
) -> None:
    server = await serve(**ONE_THREAD)
    assert (await server.get("/outlive/later")).status == 204
    await becomes(server.busy, 0)
    server.open("later")
    await becomes(lambda: server.notes("later"), ["legato-1"] * 2)
    await becomes(server.busy, 0)
    assert (await server.get("/async/orm")).status == 200
