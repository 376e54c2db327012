"""What the reference lists is exactly what there is."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from legato import conf
from legato.realtime.broker import memory, stream
from legato.realtime.client import connection
from legato.realtime.client.commands import NAME_MAX_LENGTH
from legato.realtime.node.stats import Stats
from legato.realtime.protocol.codes import DisconnectCode, ErrorCode, UnsubscribeCode
from legato.realtime.transports.base import CLOSE_TIMEOUT
from legato.server import protocol, run
from tests.conftest import LiveServer
from tests.docs.pages import DOCS, REFERENCE, ROOT, section, snippets, table_rows, terms

SOURCE = ROOT / "src" / "legato"
COUNTERS = REFERENCE / "counters.md"

# ── settings ────────────────────────────────────────────────────────────────


TYPES: dict[str, Any] = {"str": str, "int": int, "float": float, "list of str": tuple}


def documented_settings() -> dict[str, list[str]]:
    rows = table_rows((REFERENCE / "settings.md").read_text("utf-8"))
    return {row[0].strip("`"): row for row in rows if row[1] in TYPES}


def test_the_settings_page_lists_exactly_the_settings_there_are() -> None:
    assert set(documented_settings()) == set(conf.setting_names())


@pytest.mark.parametrize("name", conf.setting_names())
def test_a_setting_is_documented_with_its_type_and_default(name: str) -> None:
    _, kind, default, *_ = documented_settings()[name]
    value = getattr(conf.Settings(), name.lower())
    assert TYPES[kind] is type(value)
    assert type(value)(ast.literal_eval(default.strip("`"))) == value


@pytest.mark.parametrize("name", conf.setting_names())
def test_a_setting_is_documented_with_its_lower_bound(name: str) -> None:
    bounds = documented_settings()[name][3]
    if "> 0" in bounds or "≥ 1" in bounds:
        with pytest.raises(msgspec.ValidationError):
            conf.convert_settings({name: 0})
    elif "≥ 0" in bounds:
        with pytest.raises(msgspec.ValidationError):
            conf.convert_settings({name: -1})
    else:
        assert isinstance(getattr(conf.Settings(), name.lower()), str | tuple)


def test_bounds_that_settings_set_each_other_are_documented() -> None:
    limits = {"<": lambda other: other, "≤": lambda other: other // 4 + 1}
    found = {}
    for name, row in documented_settings().items():
        for sign, other in re.findall(r"([<≤]) `(\w+)`", row[3]):
            excluded = limits[sign](getattr(conf.Settings(), other.lower()))
            with pytest.raises(msgspec.ValidationError, match=other):
                conf.convert_settings({name: excluded})
            found[name] = other
    assert found == {
        "PONG_TIMEOUT": "PING_INTERVAL",
        "DRAIN_TIMEOUT": "GRACEFUL_TIMEOUT",
        "MESSAGE_MAX_SIZE": "OUTBOX_MAX_SIZE",
    }


# ── codes ───────────────────────────────────────────────────────────────────

CODES: dict[str, Any] = {
    "Errors": ErrorCode,
    "Disconnects": DisconnectCode,
    "Unsubscribes": UnsubscribeCode,
}


def documented_codes(family: str) -> dict[int, list[str]]:
    """By number, leaving out ranges and the closes of others."""
    rows = table_rows(section(REFERENCE / "codes.md", family))
    return {int(row[0]): row for row in rows if row[0].isdecimal()}


@pytest.mark.parametrize("family", CODES)
def test_the_codes_page_lists_exactly_the_codes_there_are(family: str) -> None:
    documented = {code: row[1] for code, row in documented_codes(family).items()}
    text = "message" if family == "Errors" else "reason"
    assert documented == {int(code): getattr(code, text) for code in CODES[family]}


@pytest.mark.parametrize("family", CODES)
def test_codes_are_called_reserved_as_long_as_nothing_uses_them(family: str) -> None:
    files = [path for path in SOURCE.rglob("*.py") if path.name != "codes.py"]
    source = "\n".join(path.read_text("utf-8") for path in files)
    for code, row in documented_codes(family).items():
        member = CODES[family](code)
        name = f"{CODES[family].__name__}.{member.name}"
        used = re.search(rf"\b{name}\b", source) is not None
        assert used is not row[-1].startswith("Reserved"), member


def test_errors_are_documented_as_temporary_where_they_are() -> None:
    for code, row in documented_codes("Errors").items():
        assert row[2] == ("yes" if CODES["Errors"](code).temporary else "no"), row


def test_disconnects_are_documented_with_what_their_range_means() -> None:
    for code, row in documented_codes("Disconnects").items():
        comes_back = "yes" if code < 3500 else "no"
        assert row[2] == ("–" if code == 3000 else comes_back), row


# ── counters, loggers, numbers ──────────────────────────────────────────────


def test_the_counters_page_lists_exactly_the_counters_there_are() -> None:
    listed = terms(section(COUNTERS, "What is counted"))
    assert sorted(listed) == sorted(field.name for field in dataclasses.fields(Stats))


def test_the_counters_of_the_broker_are_documented() -> None:
    names = re.findall(r'counters\["(\w+)"\]', inspect.getsource(memory))
    assert names
    text = COUNTERS.read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []


async def test_the_view_that_shows_the_threads_runs() -> None:
    names: dict[str, Any] = {}
    exec(snippets(COUNTERS, "python")[1], names)
    request = RequestFactory().get("/threads/")
    request.user = User(username="agent", is_staff=True)
    shown = json.loads(names["threads"](request).content)
    assert list(shown) == terms(section(COUNTERS, "Threads"))
    assert shown["size"] == conf.Settings().threads


async def test_the_view_that_shows_the_counters_runs(raw_server: LiveServer) -> None:
    names: dict[str, Any] = {}
    exec(snippets(COUNTERS, "python")[0], names)
    request = RequestFactory().get("/counters/")
    request.user = User(username="agent", is_staff=True)
    async with raw_server.connected() as peer:
        assert await peer.error_code(history={"channel": "ticker:x"}) == 108
        shown = json.loads(names["counters"](request).content)
    assert shown["clients"] == 1
    assert shown["errors"] == {"108": 1}


def test_the_loggers_that_are_listed_are_those_there_are() -> None:
    files = [p for p in SOURCE.rglob("*.py") if "bench" not in p.parts]
    source = "\n".join(path.read_text("utf-8") for path in files)
    used = set(re.findall(r'getLogger\("(legato\.\w+)"\)', source))
    table = section(DOCS / "how-to" / "debug.md", "The log")
    assert set(re.findall(r"`(legato\.\w+)`", table)) == used


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("reference/channels.md", f"the {conf.Settings().threads} threads"),
        ("reference/channels.md", f"{NAME_MAX_LENGTH} characters"),
        ("reference/codes.md", f"within {connection.REFUSED_TIMEOUT:.0f} s"),
        ("reference/codes.md", f"{protocol.MAX_WAITING:,} messages"),
        ("reference/commands.md", f"at most {run.GRACEFUL_TIMEOUT} s"),
        ("reference/publish.md", f"{memory.IDEMPOTENCY_TTL:.0f} seconds"),
        ("reference/settings.md", f"{stream.PUBLICATION_OVERHEAD} bytes"),
        ("reference/transports.md", f"at most {protocol.MAX_FRAGMENTS:,}"),
        ("reference/transports.md", f"{protocol.MAX_UNREAD // 1024} KiB"),
        ("reference/transports.md", f"after {CLOSE_TIMEOUT:.0f} s"),
    ],
)
def test_numbers_in_the_reference_are_those_of_the_code(page: str, text: str) -> None:
    assert text in " ".join((DOCS / page).read_text("utf-8").split())
