"""Exceptions that views and middleware raise."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import (
    BadRequest,
    DisallowedRedirect,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404
from django.http.multipartparser import MultiPartParserError

__all__ = ["ERRORS", "Quit", "raise_error"]


class Quit(BaseException):
    """Not an Exception, so that Django makes no response of it."""


ERRORS: dict[str, Callable[[str], BaseException]] = {
    "ValueError": ValueError,
    "Http404": Http404,
    "PermissionDenied": PermissionDenied,
    "SuspiciousOperation": SuspiciousOperation,
    "DisallowedRedirect": DisallowedRedirect,
    "BadRequest": BadRequest,
    "RequestDataTooBig": RequestDataTooBig,
    "MultiPartParserError": MultiPartParserError,
    "AssertionError": AssertionError,
    "Quit": Quit,
}


def raise_error(action: str) -> None:
    """Raise what an action "raise X" names; other actions do nothing."""
    verb, _, name = action.partition(" ")
    if verb == "raise":
        raise ERRORS[name](f"a {name} on purpose")
