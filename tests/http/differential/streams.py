"""Bodies of streaming responses. Each says what it yields and when it is released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group
from django.db import transaction

from tests.http.differential.errors import raise_error
from tests.http.differential.journal import Runs, current, note


@contextmanager
def lifetime(runs: Runs) -> Iterator[None]:
    note("stream began", runs)
    try:
        yield
    finally:
        note("stream released", runs)


def piece(n: int) -> str:
    note(f"piece {n}", "stream")
    return f"piece {n};"


def apiece(n: int) -> str:
    note(f"piece {n}", "loop")
    return f"piece {n};"


def pieces(count: int) -> Iterator[str]:
    with lifetime("stream"):
        for n in range(count):
            yield piece(n)


def failing_pieces() -> Iterator[str]:
    with lifetime("stream"):
        yield piece(0)
        raise_error("raise ValueError")


class Closeable:
    """An iterator that is no generator, and has to be closed."""

    def __init__(self) -> None:
        self.left = 3
        self.closed = False
        current().expect_closed("iterator", self)

    def __iter__(self) -> Closeable:
        return self

    def __next__(self) -> str:
        if not self.left:
            raise StopIteration
        self.left -= 1
        return piece(self.left)

    def close(self) -> None:
        note("iterator closed", "stream")
        self.closed = True


def rows() -> Iterator[str]:
    """A cursor that stays open between pieces."""
    with lifetime("stream"):
        Group.objects.bulk_create(Group(name=f"row {n}") for n in range(5))
        for group in Group.objects.order_by("name").iterator(chunk_size=1):
            note("a row", "stream")
            yield f"{group.name};"


def rows_in_transaction() -> Iterator[str]:
    """Writes that last if the stream is read to its end, as in any atomic block."""
    with lifetime("stream"):
        with transaction.atomic():
            for n in range(3):
                Group.objects.create(name=f"row {n}")
                yield piece(n)


def bridging_pieces() -> Iterator[str]:
    with lifetime("stream"):
        for n in range(2):
            yield async_to_sync(abridged)(n)


async def abridged(n: int) -> str:
    return await sync_to_async(piece)(n)


async def apieces(count: int) -> AsyncIterator[str]:
    with lifetime("loop"):
        for n in range(count):
            await asyncio.sleep(0)
            yield apiece(n)


async def afailing_pieces() -> AsyncIterator[str]:
    with lifetime("loop"):
        yield apiece(0)
        raise_error("raise ValueError")


async def arows() -> AsyncIterator[str]:
    with lifetime("loop"):
        await Group.objects.abulk_create(Group(name=f"row {n}") for n in range(5))
        async for group in Group.objects.order_by("name"):
            note("a row", "loop")
            yield f"{group.name};"


async def abridging_pieces() -> AsyncIterator[str]:
    with lifetime("loop"):
        for n in range(2):
            yield await abridged(n)


async def awaiting_pieces() -> AsyncIterator[str]:
    """Idle after two pieces, as a stream of events is; the client leaves then."""
    with lifetime("loop"):
        yield apiece(0)
        yield apiece(1)
        await current().wait_for_good()
