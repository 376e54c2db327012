"""Counters of everything a node does, refuses, drops or recovers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Stats"]


@dataclass(slots=True)
class Stats:
    """Plain counters, only ever growing, written on the node's loop.

    Attributes:
        connections: Connections accepted since the node started.
        disconnects: Connections that ended, by disconnect code; 3000 are those that
            the client or the network ended.
        errors: Error replies, by error code.
        commands: Commands handled, by name.
        publications: Publications announced to this node.
        deliveries: Frames queued for subscribers.
        recovered: Subscriptions that got all they had missed.
        unrecovered: Subscriptions told that they had to reload.
        insufficient: Subscriptions that lost their place in the stream.
        refused_origins: Handshakes refused for their origin.
        failed_hooks: Hooks of channels that raised something unexpected.
        broker: What the broker's own bounds made it drop, by name.
    """

    connections: int = 0
    publications: int = 0
    deliveries: int = 0
    recovered: int = 0
    unrecovered: int = 0
    insufficient: int = 0
    refused_origins: int = 0
    failed_hooks: int = 0
    disconnects: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    broker: Counter[str] = field(default_factory=Counter)

    def snapshot(self) -> dict[str, Any]:
        """A copy that no longer changes, fit for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in values.items()
        }
