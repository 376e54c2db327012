"""The application: its routes, its start, and other WebSocket applications in it."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import InMemoryChannelLayer
from channels.routing import URLRouter
from django.test import override_settings
from django.urls import path
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from legato.asgi import Application, get_asgi_application
from legato.realtime import wiring
from tests.conftest import WEBSOCKET_CLASSES, LiveServer, run_server

pytestmark = pytest.mark.django_db(transaction=True)


async def fetch(url: str) -> tuple[int, Any, bytes]:
    def get() -> tuple[int, Any, bytes]:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    return await asyncio.to_thread(get)


async def test_django_answers_what_is_not_legatos(raw_server: LiveServer) -> None:
    status, _, body = await fetch(f"{raw_server.http}/whoami")
    assert (status, json.loads(body)) == (200, {"user": None})
    status, _, _ = await fetch(f"{raw_server.http}/nowhere")
    assert status == 404


async def test_health_answers_while_the_process_serves(raw_server: LiveServer) -> None:
    status, headers, body = await fetch(f"{raw_server.http}/health")
    assert (status, body) == (200, b"{}")
    assert headers["Content-Type"] == "application/json"


async def test_a_plain_request_to_the_websocket_asks_for_an_upgrade(
    raw_server: LiveServer,
) -> None:
    status, headers, _ = await fetch(f"{raw_server.http}/connection/websocket")
    assert (status, headers["Upgrade"]) == (426, "websocket")


async def test_other_websockets_are_refused_without_an_application(
    server: LiveServer,
) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        await connect(f"ws://127.0.0.1:{server.port}/chat", proxy=None)


async def test_paths_are_settings() -> None:
    paths = {"CONNECTION_PATH": "/live", "HEALTH_PATH": ""}
    with override_settings(LEGATO=paths):
        async with run_server(WEBSOCKET_CLASSES["raw-frames"], new_app()) as server:
            assert (await fetch(f"{server.http}/health"))[0] == 404
            url = f"ws://127.0.0.1:{server.port}/live/websocket"
            async with connect(url, proxy=None) as websocket:
                await websocket.send('{"id":1,"connect":{}}')
                assert "connect" in json.loads(await websocket.recv())


async def test_a_server_without_lifespan_starts_the_node_with_its_first_request() -> (
    None
):
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("health needs no body")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/health", "headers": []}
    await new_app()(scope, receive, send)
    assert sent[0]["status"] == 200
    assert wiring.find_portal() is not None
    await wiring.stop_serving()
    assert wiring.find_portal() is None


async def test_a_start_that_fails_is_told_to_the_server() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    app = new_app()
    with override_settings(LEGATO={"BROKER": "nothing://"}):
        await app({"type": "lifespan"}, receive, send)
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "'nothing://'" in sent[0]["message"]


async def test_stopping_the_server_sends_clients_away_with_3001() -> None:
    async with run_server(WEBSOCKET_CLASSES["raw-frames"]) as server:
        async with server.connected() as peer:
            leaving = asyncio.create_task(peer.close_code())
            await wiring.stop_serving()
            assert await leaving == 3001


def new_app(websocket: Any = None) -> Application:
    return get_asgi_application(websocket)


class Chat(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Echoes, and tells everyone of the group."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("chat", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("chat", self.channel_name)

    async def receive_json(self, content: Any) -> None:
        if "all" in content:
            await self.channel_layer.group_send(
                "chat", {"type": "tell", "text": content["all"]}
            )
        else:
            await self.send_json({"echo": content})

    async def tell(self, event: Any) -> None:
        await self.send_json({"told": event["text"]})


@pytest.fixture(params=list(WEBSOCKET_CLASSES))
async def channels_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LiveServer]:
    layer = InMemoryChannelLayer()
    monkeypatch.setattr("channels.consumer.get_channel_layer", lambda alias: layer)
    app = new_app(URLRouter([path("chat", Chat.as_asgi())]))
    async with run_server(WEBSOCKET_CLASSES[request.param], app) as running:
        yield running


async def talk(websocket: ClientConnection, message: Any) -> None:
    await websocket.send(json.dumps(message))


async def hear(websocket: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await websocket.recv())


async def test_a_channels_consumer_runs_beside_legato(
    channels_server: LiveServer,
) -> None:
    url = f"ws://127.0.0.1:{channels_server.port}/chat"
    async with connect(url, proxy=None) as one, connect(url, proxy=None) as other:
        await talk(one, {"n": 1})
        assert await hear(one) == {"echo": {"n": 1}}
        await talk(other, {"all": "hello"})
        assert await hear(one) == {"told": "hello"}
        assert await hear(other) == {"told": "hello"}
        async with channels_server.connected() as peer:
            await peer.subscribe("room:a")
