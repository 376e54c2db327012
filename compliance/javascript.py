"""The JavaScript client, in Node and in Chromium, behind ``node/driver.mjs``."""

from __future__ import annotations

import asyncio
import json
import shutil
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from compliance.sdk import TIMEOUT, CommandError, SdkClient
from tests.network import Network

FOLDER = Path(__file__).parent / "node"
BUNDLE = FOLDER / "node_modules/centrifuge/dist/centrifuge.js"

LINE_LIMIT = 16 * 1024 * 1024

OPTIONS = {
    "minReconnectDelay": 10,
    "maxReconnectDelay": 50,
    # On top of the interval that the server announces, in whole seconds.
    "maxServerPingDelay": 100,
}


class JavaScriptClient(SdkClient):
    async def connect(self) -> None:
        await self.run("connect")

    async def subscribe(self, channel: str) -> None:
        await self.run("subscribe", channel)

    async def unsubscribe(self, channel: str) -> None:
        await self.run("unsubscribe", channel)

    async def publish(self, channel: str, data: Any) -> None:
        await self.run("publish", channel, data)

    async def history(self, channel: str, limit: int) -> dict[str, Any]:
        result: dict[str, Any] = await self.run("history", channel, limit)
        return result

    async def run(self, action: str, *arguments: Any) -> Any:
        """The result of one of the driver's actions."""
        outcome = await self.call(action, arguments)
        if "error" in outcome:
            raise CommandError(outcome["error"])
        return outcome.get("result")

    @abstractmethod
    async def call(self, action: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """``result``, or ``error`` with its code."""


class NodeClient(JavaScriptClient):
    """Speaks with ``client.mjs`` in lines of JSON."""

    def __init__(self, network: Network, process: asyncio.subprocess.Process) -> None:
        super().__init__(network)
        self._process = process
        self._outcomes: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def call(self, action: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        assert self._process.stdin is not None
        number = len(self._outcomes)
        self._outcomes[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"number": number, "action": action, "arguments": arguments})
        self._process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(TIMEOUT):
            return await self._outcomes[number]

    async def stop_reading(self) -> None:
        await self.run("stopReading")

    async def go_on_reading(self) -> None:
        await self.run("goOnReading")

    async def listen(self) -> None:
        """Take in what the process reports until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "event" in message:
                self.report(message)
            else:
                self._outcomes[message["number"]].set_result(message)


@asynccontextmanager
async def run_in_node(network: Network) -> AsyncIterator[SdkClient]:
    node = shutil.which("node")
    assert node is not None, 'node is not installed; "make test" sees to it'
    process = await asyncio.create_subprocess_exec(
        node,
        str(FOLDER / "client.mjs"),
        network.url,
        json.dumps(OPTIONS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    assert process.stdin is not None
    client = NodeClient(network, process)
    listening = asyncio.create_task(client.listen(), name="node client")
    try:
        yield client
    finally:
        # Its input ends, and so does the process.
        process.stdin.close()
        async with asyncio.timeout(TIMEOUT):
            assert await process.wait() == 0
            await listening


class BrowserClient(JavaScriptClient):
    """Speaks with the driver in a page."""

    def __init__(self, network: Network, page: Page) -> None:
        super().__init__(network)
        self._page = page

    async def call(self, action: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        outcome: dict[str, Any] = await self._page.evaluate(
            "([action, args]) => window.run(action, args)", [action, arguments]
        )
        return outcome


@asynccontextmanager
async def run_in_browser(
    network: Network, browser: Browser
) -> AsyncIterator[SdkClient]:
    page = await browser.new_page()
    try:
        client = BrowserClient(network, page)
        # A page of the site, so that its origin is one of the site's.
        await page.goto(f"http://127.0.0.1:{network.port}/health")
        await page.expose_function("report", client.report)
        await page.add_script_tag(path=BUNDLE)
        await page.add_script_tag(path=FOLDER / "driver.mjs", type="module")
        await page.wait_for_function("window.drive !== undefined")
        await page.evaluate(
            "([url, options]) => {"
            " window.run = drive(Centrifuge, url, options, report); }",
            [network.url, OPTIONS],
        )
        yield client
    finally:
        await page.close()
