"""The example of the README, run with stand-ins for the models of a project."""

from __future__ import annotations

import ast
import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from legato.asgi import Application
from tests.conftest import LiveServer
from tests.docs.pages import README, snippets


class StoredMessages:
    """Stands in for ``Message.objects``."""

    async def acreate(self, **values: Any) -> SimpleNamespace:
        return SimpleNamespace(pk=1, **values)


class StoredTickets:
    """Stands in for ``Ticket.objects``: ticket 7 alone exists."""

    def __init__(self, pk: int = 0) -> None:
        self.pk = pk

    def filter(self, *, pk: int, members: object) -> StoredTickets:
        return StoredTickets(pk)

    async def aexists(self) -> bool:
        return self.pk == 7


@pytest.mark.usefixtures("declared_channels")
async def test_the_example_of_the_readme_runs(raw_server: LiveServer) -> None:
    code, anywhere = snippets(README, "python")[0].split("# anywhere", 1)
    names: dict[str, Any] = {
        "__name__": "documented",
        "Message": SimpleNamespace(objects=StoredMessages()),
        "Ticket": SimpleNamespace(objects=StoredTickets()),
        "clean_text": lambda data: data["text"],
    }
    exec(compile(code, README.name, "exec"), names)
    assert names["INSTALLED_APPS"][0] == "legato"
    assert isinstance(names["application"], Application)
    names["TicketChannel"].anonymous = True  # the peer has not signed in

    async with raw_server.connected() as peer:
        assert await peer.error_code(subscribe={"channel": "ticket:8"}) == 103
        await peer.subscribe("ticket:7")
        await peer.ask(publish={"channel": "ticket:7", "data": {"text": "hi"}})
        assert (await peer.publication())["data"] == {"id": 1, "text": "hi"}
        await run_statements("#" + anywhere, names)
        for _ in range(2):
            assert (await peer.publication())["data"] == {"text": "hello"}


async def run_statements(code: str, names: dict[str, Any]) -> None:
    """Run each statement where it belongs: what awaits here, the rest in a thread."""
    for statement in ast.parse(code).body:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        module = ast.Module([statement], [])
        compiled = compile(module, README.name, "exec", flags)
        if compiled.co_flags & inspect.CO_COROUTINE:
            await eval(compiled, names)
        else:
            await asyncio.to_thread(exec, compiled, names)
