from __future__ import annotations

from collections.abc import Iterator

import pytest

from legato.realtime.channels.registry import registry


@pytest.fixture
def declared_channels() -> Iterator[None]:
    """Forgets the channels that a test declares."""
    before = list(registry)
    yield
    for channel in list(registry):
        if channel not in before:
            registry.remove(channel)
