from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from legato.conf import Settings, get_settings, setting_names


def test_everything_has_a_default() -> None:
    with override_settings(LEGATO={}):
        assert get_settings() == Settings()


def test_settings_are_read_again_when_they_change() -> None:
    with override_settings(LEGATO={"PING_INTERVAL": 70}):
        assert get_settings().ping_interval == 70.0
    assert get_settings().ping_interval == 25.0


def test_keys_are_upper_case() -> None:
    assert "PING_INTERVAL" in setting_names()
    assert all(name.isupper() for name in setting_names())


@pytest.mark.parametrize(
    "values",
    [
        {"PING_INTERVAL": "7"},
        {"PING_INTERVAL": 0},
        {"CHANNEL_LIMIT": 0},
        {"CHANNEL_LIMIT": 1.5},
        {"CONNECTION_PATH": "live"},
        {"CONNECTION_PATH": "/live/"},
        {"CONNECTION_PATH": ""},
        {"HEALTH_PATH": "health"},
        {"BROKER": None},
        [],
    ],
    ids=repr,
)
def test_a_wrong_value_names_its_key(values: Any) -> None:
    with override_settings(LEGATO=values):
        with pytest.raises(ImproperlyConfigured, match=r"settings\.LEGATO") as raised:
            get_settings()
    for key in values:
        assert f"$.{key}" in str(raised.value)


@pytest.mark.parametrize("path", ["", "/health", "/a/b-c_d.e"])
def test_the_health_path_may_be_empty(path: str) -> None:
    with override_settings(LEGATO={"HEALTH_PATH": path}):
        assert get_settings().health_path == path
