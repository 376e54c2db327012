from __future__ import annotations

import datetime
import uuid

import pytest
from django.utils.translation import gettext_lazy
from msgspec import Raw

from legato.exceptions import Error
from legato.realtime.channels.payload import decode_payload, encode_payload


def test_what_django_code_has_at_hand_can_be_published() -> None:
    value = {
        "at": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        "id": uuid.UUID(int=7),
        "label": gettext_lazy("Yes"),
        "none": None,
    }
    assert bytes(encode_payload(value, 1000)) == (
        b'{"at":"2026-01-02T00:00:00Z",'
        b'"id":"00000000-0000-0000-0000-000000000007","label":"Yes","none":null}'
    )


def test_what_json_cannot_hold_is_named() -> None:
    with pytest.raises(TypeError, match="object cannot be published as JSON"):
        encode_payload(object(), 1000)


@pytest.mark.parametrize("payload", [b"[", b'"\xff"', b"[" * 100_000])
def test_a_payload_that_is_not_json_is_a_bad_request(payload: bytes) -> None:
    with pytest.raises(Error, match="107"):
        decode_payload(Raw(payload))
