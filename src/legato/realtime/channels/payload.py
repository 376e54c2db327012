"""Between Python values and the JSON payloads that travel untouched."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils.functional import Promise
from msgspec import Raw

from legato.realtime.protocol.codes import ErrorCode

__all__ = ["decode_payload", "encode_payload"]


def decode_payload(payload: Raw) -> Any:
    """A client's payload as a Python value.

    Raises:
        Error: 107, it is not JSON all the way down.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ErrorCode.BAD_REQUEST.error() from None


def encode_payload(value: Any, max_size: int) -> Raw:
    """A Python value as compact JSON, dates, UUIDs and lazy texts included.

    Raises:
        TypeError: JSON cannot hold the value.
        ValueError: it takes more than ``max_size`` bytes.
    """
    payload = msgspec.json.encode(value, enc_hook=_encode_lazy)
    if len(payload) > max_size:
        raise ValueError(
            f"The data takes {len(payload)} bytes of JSON, and {max_size} are allowed,"
            " a quarter of LEGATO['OUTBOX_MAX_SIZE']: publish where to fetch it."
        )
    return Raw(payload)


def _encode_lazy(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(
        f"{type(value).__qualname__} cannot be published as JSON; publish plain"
        " values, for example what a serializer makes of it."
    )
