from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from legato.realtime.protocol.framing import JSON_FRAMES, JSON_MESSAGES, text_frame
from legato.realtime.protocol.messages import Publication, Reply


def parse(data: bytes) -> Frame:
    """The frame as an independent implementation reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=False)
    try:
        next(parser)
    except StopIteration as done:
        frame: Frame = done.value
        return frame
    raise AssertionError("the frame is incomplete")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_frames_of_every_length_are_whole_text_messages(size: int) -> None:
    frame = parse(text_frame(b"x" * size))
    assert (frame.opcode, frame.fin) == (Opcode.TEXT, True)
    assert bytes(frame.data) == b"x" * size


def test_framed_and_plain_formats_carry_the_same_message() -> None:
    publication = Publication(offset=4)
    plain = JSON_MESSAGES.publication("a", publication)
    assert bytes(parse(JSON_FRAMES.publication("a", publication)).data) == plain
    assert plain == b'{"push":{"channel":"a","pub":{"offset":4}}}'


def test_a_ping_is_an_empty_reply() -> None:
    assert JSON_MESSAGES.ping == JSON_MESSAGES.reply(Reply()) == b"{}"
