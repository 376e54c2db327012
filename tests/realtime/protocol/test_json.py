from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from legato.exceptions import Disconnect
from legato.realtime.protocol.json import JSON
from legato.realtime.protocol.messages import (
    ClientInfo,
    ConnectResult,
    ErrorReply,
    HistoryResult,
    Publication,
    PublishResult,
    Push,
    Reply,
    SubscribeResult,
    UnsubscribeResult,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_commands_of_one_message_come_in_order() -> None:
    first, second = JSON.decode(
        '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"a"}}'
    )
    assert first.connect is not None
    assert second.subscribe is not None
    assert second.subscribe.channel == "a"


def test_one_trailing_newline_is_tolerated() -> None:
    assert len(JSON.decode('{"id":1}\n')) == 1


def test_unknown_keys_are_ignored() -> None:
    (command,) = JSON.decode('{"id":1,"connect":{"dict":"x"},"new":{"a":1}}')
    assert command.connect is not None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "\n",
        '{"id":1}\n\n{"id":2}',
        "[]",
        "nonsense",
        '{"id":-1}',
        '{"id":4294967296}',
        '{"id":"1"}',
        '{"id":1,"subscribe":{"channel":null}}',
        '{"id":1,"subscribe":{"offset":1.5}}',
        '{"id":1,"publish":{"data":{"a":}}}',
        b'{"id":1,"publish":{"data":"\xff"}}',
        '{"id":1,"publish":{"data":' + "[" * 60_000 + "]" * 60_000 + "}}",
    ],
    ids=lambda message: repr(message[:40]),
)
def test_anything_but_commands_is_a_bad_request(message: str | bytes) -> None:
    with pytest.raises(Disconnect, match="3501"):
        JSON.decode(message)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_input_raises_anything_but_a_bad_request(message: str | bytes) -> None:
    with contextlib.suppress(Disconnect):
        assert JSON.decode(message)


@given(json_values)
def test_payloads_pass_through_unchanged(value: Any) -> None:
    text = json.dumps({"id": 1, "publish": {"channel": "c", "data": value}})
    (command,) = JSON.decode(text)
    assert command.publish is not None
    publication = Publication(data=command.publish.data, offset=3)
    sent = JSON.encode(Reply(push=Push(channel="c", pub=publication)))
    assert b"\n" not in sent
    assert json.loads(sent)["push"]["pub"] == {"data": value, "offset": 3}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(), {}),
        (
            Reply(id=7, unsubscribe=UnsubscribeResult()),
            {"id": 7, "unsubscribe": {}},
        ),
        (Reply(id=8, publish=PublishResult()), {"id": 8, "publish": {}}),
        (Reply(id=9, subscribe=SubscribeResult()), {"id": 9, "subscribe": {}}),
        (
            Reply(id=1, history=HistoryResult(publications=[], epoch="", offset=0)),
            {"id": 1, "history": {"publications": [], "epoch": "", "offset": 0}},
        ),
        (
            Reply(id=1, error=ErrorReply(100, "internal server error", True)),
            {
                "id": 1,
                "error": {
                    "code": 100,
                    "message": "internal server error",
                    "temporary": True,
                },
            },
        ),
        (
            Reply(id=1, connect=ConnectResult(client="c", version="v")),
            {"id": 1, "connect": {"client": "c", "version": "v"}},
        ),
        (
            Reply(
                push=Push(
                    channel="a",
                    pub=Publication(
                        data=Raw(b"1"), info=ClientInfo(user="", client="")
                    ),
                )
            ),
            {
                "push": {
                    "channel": "a",
                    "pub": {"data": 1, "info": {"user": "", "client": ""}},
                }
            },
        ),
    ],
)
def test_zero_values_are_left_out_except_where_sdks_need_them(
    reply: Reply, expected: dict[str, Any]
) -> None:
    assert json.loads(JSON.encode(reply)) == expected
