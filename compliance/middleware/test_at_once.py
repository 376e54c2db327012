"""Requests that run at once keep apart what middleware knows about each of them."""

from __future__ import annotations

import asyncio

import pytest

from compliance.middleware.conftest import HANDLERS
from compliance.middleware.project.management.commands.prepare import PASSWORD
from compliance.middleware.project.stacks import EVERYTHING
from compliance.middleware.visitor import Visitor

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)

ROUNDS = 8


@pytest.mark.parametrize("debug", [False])
@pytest.mark.parametrize("handler", HANDLERS)
async def test_each_change_is_put_down_to_who_made_it(
    ports: dict[str, int], handler: str, debug: bool
) -> None:
    visitors = []
    for kind in ("sync", "async"):
        visitor = Visitor(ports[handler], EVERYTHING, kind, debug)
        await visitor.visit("page")
        await visitor.submit("sign_in", username=visitor.name, password=PASSWORD)
        visitors.append(visitor)

    async def write(visitor: Visitor) -> tuple[str, str]:
        note = await visitor.submit("notes", text="a note")
        return note.json()["by"], visitor.name

    written = await asyncio.gather(*map(write, visitors * ROUNDS))
    assert len(written) == 2 * ROUNDS
    assert all(author == name for author, name in written)


@pytest.mark.parametrize("debug", [True])
@pytest.mark.parametrize("handler", HANDLERS)
async def test_the_toolbar_shows_each_page_its_own_queries(
    ports: dict[str, int], handler: str, debug: bool, kind: str
) -> None:
    async def count() -> int:
        visitor = Visitor(ports[handler], EVERYTHING, kind, debug)
        page = await visitor.visit("queries")
        return page.body.count(b"3 queries in")

    assert await asyncio.gather(*(count() for _ in range(ROUNDS))) == [1] * ROUNDS
