from __future__ import annotations

import pytest

from legato.exceptions import Disconnect, Error, UnrecoverablePosition


def test_errors_say_what_the_client_gets() -> None:
    error = Error(456, "not today", temporary=True)
    assert (error.code, error.message, error.temporary) == (456, "not today", True)
    assert str(error) == "456: not today"
    assert str(UnrecoverablePosition()) == "112: unrecoverable position"


@pytest.mark.parametrize(
    ("code", "message"), [(99, "x"), (2000, "x"), (456, ""), (0, "x")]
)
def test_an_error_that_no_client_understands_is_refused(
    code: int, message: str
) -> None:
    with pytest.raises(ValueError, match=f"Error {code}"):
        Error(code, message)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(200, "x"), (1000, "x"), (5000, "x"), (4000, ""), (4000, "ä" * 62)],
)
def test_a_disconnect_that_no_close_frame_can_carry_is_refused(
    code: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=f"Disconnect {code}"):
        Disconnect(code, reason)


def test_a_disconnect_may_fill_the_close_frame() -> None:
    assert Disconnect(4000, "ä" * 61 + "x").reason.endswith("x")
