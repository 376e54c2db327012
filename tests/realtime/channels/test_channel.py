from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from legato import Channel, History
from legato.realtime.channels.registry import Registry, registry

pytestmark = pytest.mark.usefixtures("declared_channels")


def test_declaring_a_class_makes_its_names_known() -> None:
    class Desk(Channel):
        pattern = "desk:{pk:int}"
        history = History(size=5, ttl=60)

    found = registry.resolve("desk:7")
    assert found is not None
    channel, parts = found
    assert isinstance(channel, Desk)
    assert parts == {"pk": 7}
    assert (channel.retention.size, channel.retention.ttl) == (5, 60)


def test_a_class_without_pattern_is_abstract() -> None:
    class Base(Channel):
        anonymous = True

    class Desk(Base):
        pattern = "desk"

    class SubDesk(Desk):
        """Adds nothing, and does not declare the pattern a second time."""

    declared = [type(channel) for channel in registry]
    assert Base not in declared
    assert declared.count(Desk) == 1
    assert SubDesk not in declared
    assert Desk.anonymous


def test_a_bad_pattern_names_the_class() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Desk\.pattern: 'a b'.*' '"):

        class Desk(Channel):
            pattern = "a b"


@pytest.mark.parametrize(("size", "ttl"), [(0, 60), (-1, 60), (5, 0), (5, -1.0)])
def test_a_history_that_keeps_nothing_is_refused(size: int, ttl: float) -> None:
    with pytest.raises(ValueError, match="would keep nothing"):
        History(size=size, ttl=ttl)


def test_reloading_a_module_replaces_its_channels() -> None:
    def declare() -> type[Channel]:
        class Desk(Channel):
            pattern = "desk"

        return Desk

    old, new = declare(), declare()
    declared = [type(channel) for channel in registry]
    assert new in declared
    assert old not in declared


def test_the_nearest_pattern_helps_with_typing_errors() -> None:
    known = Registry()
    assert known.nearest_pattern("tikcet:7") is None
    assert registry.nearest_pattern("rom:a") == "room:{name}"
