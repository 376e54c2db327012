"""The system's Chromium, as every test that needs a browser starts it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """The path of the first Chromium that is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found is not None, 'Chromium is not installed; "make test" sees to it'
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running browser without windows."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()
