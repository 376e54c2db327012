"""The official clients as fixtures, against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from compliance.javascript import run_in_browser, run_in_node
from compliance.python import run_in_python
from compliance.sdk import Sdk
from tests.chromium import chromium

SDKS = [
    pytest.param("node", marks=pytest.mark.node),
    pytest.param("browser", marks=pytest.mark.browser),
    pytest.param("python"),
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    """Each official client in turn: ``async with sdk(url) as client``."""
    if request.param == "browser":
        browser: Browser = request.getfixturevalue("browser")
        return partial(run_in_browser, browser=browser)
    clients: dict[str, Sdk] = {"node": run_in_node, "python": run_in_python}
    return clients[request.param]
