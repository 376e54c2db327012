"""Runs a uvicorn server and obeys the commands of the bench."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from typing import TYPE_CHECKING

import uvloop

from legato.bench.realtime.conversation import text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import uvicorn

    Publish = Callable[[str, str], Awaitable[object]]

BACKLOG = 4096


def host(server: uvicorn.Server, publish: Publish) -> None:
    """Serves until the input ends, on uvloop, which uvicorn chooses as well.

    Args:
        publish: Publishes a text into a channel.
    """
    uvloop.run(_serve(server, publish))


async def _serve(server: uvicorn.Server, publish: Publish) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="bench-serve")
    while not server.started:
        if serving.done():
            serving.result()
            sys.exit("uvicorn ended before it served")
        await asyncio.sleep(0.01)
    print(f"ready {listener.getsockname()[1]}", flush=True)
    await _obey(publish)
    # There is nothing to be kept, and thousands of clients to be waited for.
    os._exit(0)


async def _obey(publish: Publish) -> None:
    number = 0
    lines = await _read_input()
    async for line in lines:
        match line.decode().split():
            case ["publish", channel, count]:
                for _ in range(int(count)):
                    number += 1
                    await publish(channel, text_of(number))
            case ["settle"]:
                gc.collect()
                print("settled", flush=True)


async def _read_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader
