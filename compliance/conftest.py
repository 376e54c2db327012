"""The official clients as fixtures, against a real server."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from compliance.javascript import run_in_browser, run_in_node
from compliance.python import run_in_python
from compliance.sdk import Sdk

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SDKS = [
    pytest.param("node", marks=pytest.mark.node),
    pytest.param("browser", marks=pytest.mark.browser),
    pytest.param("python"),
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    executable = next(filter(None, found), None)
    assert executable is not None, 'Chromium is not installed; "make test" sees to it'
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_FLAGS
        )
        yield launched
        await launched.close()


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    """Each official client in turn: ``async with sdk(url) as client``."""
    if request.param == "browser":
        browser: Browser = request.getfixturevalue("browser")
        return partial(run_in_browser, browser=browser)
    clients: dict[str, Sdk] = {"node": run_in_node, "python": run_in_python}
    return clients[request.param]
