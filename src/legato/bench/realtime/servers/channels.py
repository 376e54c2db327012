"""A Channels project of one consumer and one group."""

from __future__ import annotations

from typing import Any

import django
import uvicorn
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

from legato.bench.realtime.servers.hosting import BACKLOG, host

_GROUP = "bench"


class BenchConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Sends text as it is: no encoding for each client stands against Channels."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(_GROUP, self.channel_name)
        await self.accept()
        await self.send(text_data="joined")

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(_GROUP, self.channel_name)

    async def publication(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


async def publish(channel: str, text: str) -> None:
    await get_channel_layer().group_send(_GROUP, {"type": "publication", "text": text})


def main() -> None:
    settings.configure(
        SECRET_KEY="bench",  # noqa: S106 - nothing is signed
        CHANNEL_LAYERS={
            "default": {
                "BACKEND": "channels.layers.InMemoryChannelLayer",
                # Above its default of 100 it drops nothing in a burst.
                "CONFIG": {"capacity": 100_000},
            }
        },
    )
    django.setup()
    routes = URLRouter([path("ws", BenchConsumer.as_asgi())])
    config = uvicorn.Config(
        ProtocolTypeRouter({"websocket": routes}),
        # Less CPU here than "websockets" and "wsproto".
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
    )
    host(uvicorn.Server(config), publish)


if __name__ == "__main__":
    main()
