from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

from legato import Channel, Client, checks

pytestmark = pytest.mark.usefixtures("declared_channels")


def messages(**settings: Any) -> list[CheckMessage]:
    with override_settings(**settings):
        found = [m for m in run_checks(tags=["legato"]) if m.id]
    # The test project declares a channel without authorize() on purpose.
    return [m for m in found if "tests.site.channels.Closed" not in m.msg]


def only(**settings: Any) -> CheckMessage:
    (message,) = messages(**settings)
    assert message.hint
    anchor = (message.id or "").replace(".", "").lower()
    assert message.hint.endswith(f"See docs/reference/checks.md#{anchor}.")
    return message


def test_a_project_in_order_gets_no_message() -> None:
    assert messages() == []


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("PING_INTERVALL", "Did you mean 'PING_INTERVAL'?"),
        ("ping_interval", "Did you mean 'PING_INTERVAL'?"),
        ("BROKERS", "Did you mean 'BROKER'?"),
        ("XYZZY", "Remove it."),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(key: str, remedy: str) -> None:
    message = only(LEGATO={key: 1})
    assert message.id == "legato.E001"
    assert message.msg == f"settings.LEGATO has no key {key!r}."
    assert (message.hint or "").startswith(remedy)


def test_a_wrong_value_names_its_key() -> None:
    message = only(LEGATO={"PING_INTERVAL": "often"})
    assert message.id == "legato.E002"
    assert "Expected `float`, got `str` - at `$.PING_INTERVAL`" in message.msg


def test_settings_that_are_no_dict_are_an_error() -> None:
    assert only(LEGATO=["BROKER"]).id == "legato.E002"


def test_a_pong_has_to_come_before_the_next_ping() -> None:
    message = only(LEGATO={"PING_INTERVAL": 5, "PONG_TIMEOUT": 8})
    assert message.id == "legato.E002"
    assert "PONG_TIMEOUT (8.0 s) must be smaller than PING_INTERVAL" in message.msg


def test_messages_have_to_fit_into_an_outbox() -> None:
    message = only(LEGATO={"OUTBOX_MAX_SIZE": 100_000})
    assert message.id == "legato.E002"
    assert "MESSAGE_MAX_SIZE (65536) must be at most a quarter" in message.msg


def test_a_broker_nobody_knows_is_an_error() -> None:
    message = only(LEGATO={"BROKER": "carrier-pigeon://"})
    assert message.id == "legato.E003"
    assert "'carrier-pigeon://'" in message.msg


def test_two_channels_for_one_name_are_an_error() -> None:
    class Lobby(Channel):
        pattern = "room:lobby"

        async def authorize(self, client: Client) -> bool:
            return True

    message = only()
    assert message.id == "legato.E004"
    assert "Room ('room:{name}') and" in message.msg
    assert "Lobby ('room:lobby') can match the same name" in message.msg


def test_a_hook_without_the_parts_of_the_name_is_an_error() -> None:
    class Desk(Channel):
        pattern = "desk:{pk:int}"

        async def authorize(self, client: Client) -> bool:
            return True

    message = only()
    assert message.id == "legato.E005"
    assert "Desk.authorize() cannot be called with (client, pk)." in message.msg
    assert "Declare it as authorize(self, client, pk)." in (message.hint or "")


def test_hooks_may_take_whatever_comes() -> None:
    class Desk(Channel):
        pattern = "desk:{pk:int}"

        async def authorize(self, client: Client, **parts: Any) -> bool:
            return True

    assert messages() == []


def test_a_missing_app_is_an_error() -> None:
    apps = [a for a in django_settings.INSTALLED_APPS if "sessions" not in a]
    message = only(INSTALLED_APPS=apps)
    assert message.id == "legato.E006"
    assert "'django.contrib.sessions'" in message.msg


def test_another_runserver_before_legatos_is_a_warning() -> None:
    apps = [*django_settings.INSTALLED_APPS[1:], "legato.apps.LegatoConfig"]
    message = only(INSTALLED_APPS=apps)
    assert message.id == "legato.W001"
    assert "'django.contrib.staticfiles' comes before 'legato'" in message.msg


def test_a_channel_that_nobody_can_use_is_a_warning() -> None:
    class Desk(Channel):
        pattern = "desk"

    message = only()
    assert message.id == "legato.W002"
    assert "Desk defines no authorize()" in message.msg


def test_no_id_is_given_out_twice() -> None:
    source = Path(checks.__file__).read_text()
    summaries = re.findall(r'"""([EW]\d{3}): ', source)
    assert len(summaries) == len(set(summaries)) == len(checks.CHECKS)


CACHE = "django.middleware.cache."
INSIDE = "tests.middleware."


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (f"{CACHE}CacheMiddleware", "which is not in MIDDLEWARE"),
        (f"{INSIDE}sync_only", "which is more than process_... methods"),
    ],
)
def test_inline_middleware_has_to_be_able_to_run_inline(
    path: str, problem: str
) -> None:
    middleware = [f"{INSIDE}sync_only", *django_settings.MIDDLEWARE]
    found = messages(LEGATO={"INLINE_MIDDLEWARE": [path]}, MIDDLEWARE=middleware)
    errors = [m for m in found if m.id == "legato.E007"]
    assert [problem in m.msg and path in m.msg for m in errors] == [True]


def test_a_path_that_is_nearly_right_is_suggested() -> None:
    path = "django.contrib.sessions.middleware.SessionsMiddleware"
    message = only(LEGATO={"INLINE_MIDDLEWARE": [path]})
    assert "Did you mean 'django.contrib.sessions.middleware.SessionMiddleware'?" in (
        message.hint or ""
    )


def test_hops_of_async_requests_are_counted() -> None:
    middleware = [
        f"{CACHE}UpdateCacheMiddleware",
        *django_settings.MIDDLEWARE,
        f"{CACHE}FetchFromCacheMiddleware",
    ]
    message = only(MIDDLEWARE=middleware)
    assert message.id == "legato.W003"
    assert "takes 2 hops to a thread" in message.msg
    assert f"'{CACHE}UpdateCacheMiddleware', '{CACHE}FetchFrom" in message.msg


def test_sync_middleware_is_said_to_keep_a_thread() -> None:
    message = only(MIDDLEWARE=[*django_settings.MIDDLEWARE, f"{INSIDE}sync_only"])
    assert message.id == "legato.W003"
    assert "takes 1 hop to a thread" in message.msg
    assert "keep a thread while the view runs" in message.msg


def test_projects_without_async_views_are_not_told_of_hops() -> None:
    middleware = [*django_settings.MIDDLEWARE, f"{CACHE}FetchFromCacheMiddleware"]
    assert messages(MIDDLEWARE=middleware, ROOT_URLCONF="tests.middleware") == []


def test_middleware_that_turns_off_the_sync_lane_is_named() -> None:
    message = only(MIDDLEWARE=[*django_settings.MIDDLEWARE, f"{INSIDE}async_only"])
    assert message.id == "legato.W004"
    assert f"'{INSIDE}async_only' cannot run synchronously" in message.msg
