"""The Python client, in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import centrifuge

from compliance.sdk import CommandError, SdkClient
from tests.network import Network


class PythonClient(SdkClient):
    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._client = centrifuge.Client(
            network.url,
            min_reconnect_delay=0.01,
            max_reconnect_delay=0.05,
            max_server_ping_delay=0.1,
            proxy=None,
        )
        events = self._client.events
        for name in ("connecting", "connected", "disconnected"):
            setattr(events, f"on_{name}", self._reporter(name))
        self._stopped: Any = None

    async def connect(self) -> None:
        await self._client.connect()

    async def disconnect(self) -> None:
        await self._client.disconnect()

    async def subscribe(self, channel: str) -> None:
        subscription = self._client.new_subscription(
            channel, min_resubscribe_delay=0.01, max_resubscribe_delay=0.05
        )
        events = subscription.events
        for name in ("subscribing", "subscribed", "unsubscribed"):
            setattr(events, f"on_{name}", self._reporter(name))
        events.on_publication = self._on_publication
        await subscription.subscribe()

    async def unsubscribe(self, channel: str) -> None:
        await self._client.get_subscription(channel).unsubscribe()

    async def publish(self, channel: str, data: Any) -> None:
        try:
            await self._client.publish(channel, data)
        except centrifuge.exceptions.ReplyError as error:
            raise CommandError(error.code) from error

    async def history(self, channel: str, limit: int) -> dict[str, Any]:
        try:
            page = await self._client.history(channel, limit=limit)
        except centrifuge.exceptions.ReplyError as error:
            raise CommandError(error.code) from error
        publications = [_describe(publication) for publication in page.publications]
        return {
            "publications": publications,
            "offset": page.offset,
            "epoch": page.epoch,
        }

    async def stop_reading(self) -> None:
        # The client has no such method, so this takes its connection.
        self._stopped = self._client._conn.transport
        self._stopped.pause_reading()

    async def go_on_reading(self) -> None:
        self._stopped.resume_reading()

    def _reporter(self, name: str) -> Any:
        async def report(context: Any) -> None:
            self.report({"event": name, **asdict(context)})

        return report

    async def _on_publication(self, context: Any) -> None:
        self.report({"event": "publication", **_describe(context.pub)})


def _describe(publication: Any) -> dict[str, Any]:
    data = publication.data
    if isinstance(data, dict):
        # Padding only fills buffers; the test has no use for it.
        data = {key: value for key, value in data.items() if key != "padding"}
    return {
        "data": data,
        "offset": publication.offset,
        "user": publication.info.user if publication.info else None,
    }


@asynccontextmanager
async def run_in_python(network: Network) -> AsyncIterator[SdkClient]:
    client = PythonClient(network)
    try:
        yield client
    finally:
        await client.disconnect()
