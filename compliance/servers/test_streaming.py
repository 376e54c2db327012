"""Bodies that come in pieces, and clients that leave, under every server."""

from __future__ import annotations

import asyncio

import h11
import pytest

from compliance.servers.client import Connection, connect, fetch
from compliance.servers.conftest import RunningServer
from compliance.servers.site.views import PIECE, PIECES

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)


async def read_until(connection: Connection, text: bytes) -> bytes:
    """The body up to ``text``; servers may cut it otherwise than the view did."""
    body = b""
    while text not in body:
        piece = await connection.piece()
        assert piece, f"ended after {body!r}"
        body += piece
    return body


async def test_piece_arrives_while_the_generator_is_waiting(
    server: RunningServer, kind: str, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/{kind}/stream/{name}")
        await connection.end()
        assert (await connection.head()).status == 200
        assert await read_until(connection, b";") == b"first;"
        await server.set_flag(f"{name}-go")
        assert await read_until(connection, b";") == b"second;"
        assert await connection.piece() == b""


async def test_stream_is_complete_and_the_connection_stays(
    server: RunningServer, kind: str
) -> None:
    async with connect(server.port) as connection:
        answer = await connection.fetch(f"/{kind}/many")
        assert answer.body == PIECE * PIECES
        assert "content-length" not in dict(answer.fields)
        head = await connection.fetch(f"/{kind}/many", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert (await connection.fetch(f"/{kind}/echo")).status == 200


async def test_server_sent_events_arrive_one_by_one(
    server: RunningServer, name: str
) -> None:
    async with connect(server.port) as connection:
        accept = {"Accept": "text/event-stream"}
        await connection.begin("GET", f"/events/{name}", accept)
        await connection.end()
        await server.wait_for_flag(f"{name}-asked")
        at_once = server.expected("head before the body", True)
        if at_once:
            head = await connection.head()
        else:
            assert await connection.is_silent()
        for number in range(3):
            await server.set_flag(f"{name}-{number}")
            if number == 0 and not at_once:
                head = await connection.head()
            event = await read_until(connection, b"\n\n")
            assert event == f"id: {number}\ndata: event {number}\n\n".encode()
        assert await connection.piece() == b""
        assert head["content-type"] == "text/event-stream"


async def test_twenty_streams_wait_side_by_side(
    server: RunningServer, name: str
) -> None:
    """More than Legato has threads."""

    async def follow() -> bytes:
        return (await fetch(server.port, f"/events/{name}")).body

    followers = [asyncio.create_task(follow()) for _ in range(20)]
    assert (await fetch(server.port, "/sync/echo")).status == 200
    for number in range(3):
        await server.set_flag(f"{name}-{number}")
    bodies = await asyncio.gather(*followers)
    assert {body.count(b"data: ") for body in bodies} == {3}


async def test_stream_that_fails_midway_is_not_taken_for_whole(
    server: RunningServer, kind: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/{kind}/breaks")
        await connection.end()
        assert (await connection.head()).status == 200
        assert await read_until(connection, b";") == b"first;"
        if server.expected("end of a stream that fails", "cut") == "cut":
            with pytest.raises((h11.RemoteProtocolError, ConnectionResetError)):
                await connection.piece()
        else:
            assert await connection.is_silent()
    assert (await fetch(server.port, f"/{kind}/echo")).status == 200


async def test_async_view_is_cancelled_when_its_client_leaves(
    server: RunningServer, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/async/waits/{name}")
        await connection.end()
        await server.wait_for_flag(f"{name}-began")
    await server.wait_for_flag(f"{name}-cancelled")


async def test_sync_view_ends_in_peace_when_its_client_leaves(
    server: RunningServer, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/sync/waits/{name}")
        await connection.end()
        await server.wait_for_flag(f"{name}-began")
    await server.set_flag(f"{name}-go")
    await server.wait_for_flag(f"{name}-ended")
    assert (await fetch(server.port, "/sync/echo")).status == 200


async def test_waiting_async_stream_is_closed_when_its_client_leaves(
    server: RunningServer, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/async/stream/{name}")
        await connection.end()
        await connection.head()
        await read_until(connection, b";")
    await server.wait_for_flag(f"{name}-closed")


async def test_waiting_sync_stream_is_closed_when_it_goes_on(
    server: RunningServer, name: str
) -> None:
    """Nothing can interrupt a thread."""
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/sync/flood/{name}?wait")
        await connection.end()
        await connection.head()
        await read_until(connection, b";")
    await server.set_flag(f"{name}-go")
    await server.wait_for_flag(f"{name}-over")
    assert not await server.has_flag(f"{name}-sent")


async def test_flowing_stream_is_closed_when_its_client_leaves(
    server: RunningServer, kind: str, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/{kind}/flood/{name}")
        await connection.end()
        await connection.head()
        for _ in range(10):
            assert await connection.piece()
    await server.wait_for_flag(f"{name}-over")
    if server.expected("back-pressure", True):
        assert not await server.has_flag(f"{name}-sent")


async def test_stream_waits_for_a_client_that_does_not_read(
    server: RunningServer, kind: str, name: str
) -> None:
    async with connect(server.port) as connection:
        await connection.begin("GET", f"/{kind}/flood/{name}")
        await connection.end()
        await connection.head()
        if server.expected("back-pressure", True):
            for _ in range(20):
                assert (await fetch(server.port, f"/{kind}/echo")).status == 200
            assert not await server.has_flag(f"{name}-sent")
        else:
            await server.wait_for_flag(f"{name}-sent")
