"""Connections to PostgreSQL: how many, for how long, and whose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.http.client import connect
from tests.http.conftest import Serve
from tests.http.server import ONE_THREAD, WAITING, Server, becomes

pytestmark = pytest.mark.timeout(20, func_only=True)

LANES = [
    pytest.param(["/sync/orm"], id="sync"),
    pytest.param(["/async/orm"], id="async"),
    pytest.param(["/sync/orm", "/async/orm"], id="mixed"),
]

TERMINATE = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


async def fetch_all(server: Server, paths: Sequence[str], clients: int) -> list[Any]:
    """The JSON of all ``paths``, fetched over that many connections."""
    left = iter(paths)
    answers: list[Any] = []

    async def client() -> None:
        async with connect(server.port) as connection:
            for path in left:
                answer = await connection.get(path, server.cookie)
                assert answer.status == 200, server.log.read_text()
                answers.append(answer.json())

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return answers


@asynccontextmanager
async def crowd(
    server: Server, paths: Sequence[str]
) -> AsyncIterator[asyncio.Task[list[Any]]]:
    """Fetch ``paths`` at once: requests wait within the database for the block to end.

    The block begins when all sixteen threads wait so.
    """
    paths = [f"{path}?lock=1" for path in paths]
    async with asyncio.TaskGroup() as group:
        server.database.execute("select pg_advisory_lock(1)")
        try:
            task = group.create_task(fetch_all(server, paths, clients=len(paths)))
            await becomes(lambda: server.count(WAITING), 16)
            yield task
        finally:
            server.database.execute("select pg_advisory_unlock(1)")


@pytest.mark.parametrize("paths", LANES)
async def test_two_hundred_requests_at_once_open_as_many_connections_as_threads(
    serve: Serve, paths: list[str]
) -> None:
    server = await serve(threads=16)
    tasks = server.tasks()
    async with crowd(server, paths * (200 // len(paths))) as crowded:
        await becomes(server.tasks, lambda count: count >= tasks + 200)
        assert server.busy() == 16
        await becomes(server.connections, 16)
    answers = crowded.result()
    assert len(answers) == 200
    assert {answer["user"] for answer in answers} == {"anna"}
    assert len({answer["thread"] for answer in answers}) == 16
    await becomes(server.connections, 0)


@pytest.mark.parametrize("paths", LANES)
async def test_kept_connections_are_used_again(serve: Serve, paths: list[str]) -> None:
    server = await serve(conn_max_age=60, conn_health_checks=True)
    answers = await fetch_all(server, paths * (1000 // len(paths)), clients=40)
    assert len(answers) == 1000
    assert len({answer["backend"] for answer in answers}) <= 16
    assert server.connections() <= 16


async def test_one_thread_keeps_one_connection(serve: Serve) -> None:
    server = await serve(**ONE_THREAD)
    answers = await fetch_all(server, ["/sync/orm", "/async/orm"] * 250, clients=40)
    assert len({answer["backend"] for answer in answers}) == 1
    assert len({answer["thread"] for answer in answers}) == 1
    assert server.connections() == 1


@pytest.mark.parametrize("path", ["/sync/orm", "/async/orm"])
async def test_connections_that_are_not_kept_are_closed(
    serve: Serve, path: str
) -> None:
    server = await serve()
    answers = await fetch_all(server, [path] * 20, clients=1)
    assert len({answer["backend"] for answer in answers}) == 20
    await becomes(server.connections, 0)


@pytest.mark.parametrize("paths", LANES)
async def test_kept_connections_that_have_died_are_replaced(
    serve: Serve, paths: list[str]
) -> None:
    server = await serve(conn_max_age=60, conn_health_checks=True)
    async with crowd(server, paths * (16 // len(paths))):
        pass
    assert server.connections() == 16
    server.database.execute(TERMINATE)
    await becomes(server.connections, 0)
    async with crowd(server, paths * (16 // len(paths))) as crowded:
        pass
    assert len(crowded.result()) == 16


async def test_connections_return_to_the_pool_of_psycopg(serve: Serve) -> None:
    server = await serve(pool=True)
    answers = await fetch_all(server, ["/sync/orm", "/async/orm"] * 100, clients=100)
    assert len(answers) == 200
    assert len({answer["backend"] for answer in answers}) <= 4
    async with connect(server.port) as connection:
        await connection.send("GET", "/export/pool", server.cookie)
        await (await connection.answer()).read()
    await becomes(server.busy, 0)

    statistics = (await server.get("/pool")).json()
    assert statistics["pool_size"] == statistics["pool_available"] == 4
    assert server.connections() == 4


async def test_one_request_has_one_thread_and_one_connection(serve: Serve) -> None:
    server = await serve()
    others = ["/sync/orm", "/async/orm"] * 100
    async with asyncio.TaskGroup() as group:
        group.create_task(fetch_all(server, others, clients=20))
        answers = await fetch_all(server, ["/one-place"] * 20, clients=10)
    for answer in answers:
        assert len(answer["places"]) == 4
        assert len(set(map(tuple, answer["places"]))) == 1


async def test_a_transaction_lasts_from_one_hop_to_the_next(serve: Serve) -> None:
    server = await serve(**ONE_THREAD)
    assert (await server.get("/atomic/kept")).status == 204
    assert (await server.get("/atomic/undone?end=error")).status == 204
    assert (await server.get("/exists/kept")).json()["exists"]
    assert not (await server.get("/exists/undone")).json()["exists"]


async def test_a_transaction_that_a_view_leaves_open_is_nobody_elses(
    serve: Serve,
) -> None:
    server = await serve(**ONE_THREAD)
    assert (await server.get("/atomic/left-open?end=never")).status == 204
    assert (await server.get("/atomic/next")).status == 204
    names = server.database.execute("select username from auth_user").fetchall()
    assert ("next",) in names
    assert ("left-open",) not in names
    assert "A transaction was left open" in server.complaints()


async def test_a_connection_left_without_autocommit_is_not_used_again(
    serve: Serve,
) -> None:
    server = await serve(**ONE_THREAD)
    before = (await server.get("/async/orm")).json()
    answer = await server.get("/roll-back/nobody")
    assert answer.status == 204, server.log.read_text()
    answer = (await server.get("/exists/nobody")).json()
    assert answer == {"exists": False, "autocommit": True}
    after = (await server.get("/async/orm")).json()
    assert after["thread"] == before["thread"]
    assert after["backend"] != before["backend"]
