from __future__ import annotations

import pytest

from legato.bench.realtime.conversation import text_of
from legato.bench.realtime.crowd import is_one_delivery
from legato.bench.realtime.websocket import TEXT, Head, client_frame, read_head


def server_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    width = 2 if size < 65536 else 8
    return bytes((0x81, 126 if width == 2 else 127)) + size.to_bytes(width) + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_head_of_a_frame_says_where_its_payload_lies(size: int) -> None:
    frame = server_frame(b"x" * size)

    head = read_head(frame, 0)

    assert head == Head(TEXT, len(frame) - size, len(frame))


@pytest.mark.parametrize("size", [1, 126, 65536])
def test_head_that_is_cut_short_is_none(size: int) -> None:
    frame = server_frame(b"x" * size)
    length = len(frame) - size

    assert all(read_head(frame[:cut], 0) is None for cut in range(length))


def test_client_frame_is_masked_and_keeps_its_payload_readable() -> None:
    frame = client_frame(TEXT, b"x" * 200)

    assert frame[:4] == b"\x81\xfe\x00\xc8"
    assert frame[8:] == b"x" * 200


def test_one_delivery_is_one_whole_frame_with_a_publication() -> None:
    frame = server_frame(text_of(1).encode())

    assert is_one_delivery(frame)
    assert not is_one_delivery(frame[:-1])
    assert not is_one_delivery(frame + frame)
    assert not is_one_delivery(server_frame(b"y" * 128))
    assert not is_one_delivery(b"")
