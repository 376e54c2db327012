"""Where settings become a node; nothing else builds one.

A process has one node. It starts with the server, on the server's loop, or, in a
process that serves nobody, at the first publish, on a loop of its own.
"""

from __future__ import annotations

import asyncio
import threading

from django.core.exceptions import ImproperlyConfigured

from legato.conf import Settings, get_settings
from legato.realtime.broker.base import Broker
from legato.realtime.broker.memory import MemoryBroker
from legato.realtime.node.node import Node
from legato.realtime.node.portal import Portal

__all__ = [
    "build_broker",
    "build_node",
    "find_node",
    "find_portal",
    "get_portal",
    "start_serving",
    "stop_serving",
]

MEMORY = "memory://"

_node: Node | None = None
_lock = threading.Lock()
_starting = asyncio.Lock()


def build_broker(settings: Settings) -> Broker:
    """The broker that ``settings.broker`` names.

    Raises:
        ImproperlyConfigured: no broker answers to that URL.
    """
    if settings.broker == MEMORY:
        return MemoryBroker(
            max_channels=settings.memory_max_channels,
            max_bytes=settings.memory_max_bytes,
        )
    raise ImproperlyConfigured(
        f"settings.LEGATO['BROKER'] is {settings.broker!r}, which no broker answers"
        f" to; use {MEMORY!r}."
    )


def build_node(settings: Settings) -> Node:
    """A node that is not started yet."""
    return Node(build_broker(settings), outbox_max_size=settings.outbox_max_size)


async def start_serving() -> Node:
    """The node of this process, started on the running loop if it was not yet.

    Raises:
        RuntimeError: the process serves from another loop already.
    """
    global _node
    loop = asyncio.get_running_loop()
    if _node is not None and _node.loop is loop:
        return _node
    async with _starting:
        if _node is None or _node.loop.is_closed():
            node = build_node(get_settings())
            await node.start()
            _node = node
        elif _node.loop is not loop:
            raise RuntimeError(
                "Legato already runs on another event loop of this process; one"
                " process serves from one loop."
            )
        return _node


async def stop_serving() -> None:
    """Close the node, ending its connections with 3001; without one do nothing."""
    global _node
    node, _node = _node, None
    if node is not None:
        await node.close()


def find_node() -> Node | None:
    """The node of this process, if there is one; never starts one."""
    return _node


def find_portal() -> tuple[Node, Portal] | None:
    """The node of this process and the way into its loop, if there is one."""
    node = _node  # another thread may stop it meanwhile
    if node is None or node.loop.is_closed():
        return None
    return node, Portal(node.loop)


def get_portal() -> tuple[Node, Portal]:
    """The same, with a node of its own for a process that serves nobody.

    Raises:
        ImproperlyConfigured: the broker reaches this process alone, so that nobody
            would receive what is published here.
    """
    return find_portal() or _start_publishing()


def _start_publishing() -> tuple[Node, Portal]:
    global _node
    built = build_node(get_settings())
    if not built.broker.reaches_other_processes:
        raise ImproperlyConfigured(
            "This process serves no clients, and the memory broker reaches no other,"
            " so nobody would receive the publication. Publish from the process that"
            " runs 'manage.py serve', or set LEGATO['BROKER'] to a broker that"
            " processes share."
        )
    with _lock:
        found = find_portal()
        if found is None:
            portal = Portal.start()
            portal.call(built.start())
            _node, found = built, (built, portal)
        return found
