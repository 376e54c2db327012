"""The generated site that is being served: middleware and views look it up here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.http.differential.specs import Example

__all__ = ["next_number", "serving", "site"]


class Site:
    """One at a time, as the settings that name its parts are the process's."""

    example = Example()
    numbers: Iterator[int] = itertools.count()


site = Site()


@contextmanager
def serving(example: Example) -> Iterator[None]:
    site.example, site.numbers = example, itertools.count()
    try:
        yield
    finally:
        site.example = Example()


def next_number() -> int:
    """1, 2, 3 ... in the order of asking, from the start of each run."""
    return next(site.numbers) + 1
