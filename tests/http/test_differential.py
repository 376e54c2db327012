"""Django's handler and Legato's, asked the same of the same generated sites.

Each example is a stack of middleware, views, and requests by clients of all manners. It
is served twice, by ``ASGIHandler`` and by Legato's ``Handler``, straight through their
ASGI interface; whatever can be told from outside or from the code that ran has to be
the same, but for the table in ``differential/differences.py``.

``LEGATO_EXAMPLES=5000`` in the environment hunts longer. A failure prints the smallest
example it finds, as a spec that can be pasted into ``compare()``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings
from hypothesis import HealthCheck, given, settings

from legato.http.handler import Handler
from tests.http.differential.actions import BLOCK_ON_PURPOSE
from tests.http.differential.broken import BROKEN
from tests.http.differential.compare import compare
from tests.http.differential.settings import SETTINGS
from tests.http.differential.specs import Example
from tests.http.differential.strategies import examples

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # To make a failing example small takes many runs; hypothesis limits that itself.
    pytest.mark.timeout(0),
]

EXAMPLES = int(os.environ.get("LEGATO_EXAMPLES", "100"))


@pytest.fixture(autouse=True)
def _blocking_detector() -> Iterator[None]:
    """As in every test, except for what views block with on purpose."""
    with blockbuster_ctx(scanned_modules=["legato"]) as detector:
        for function in detector.functions.values():
            function.can_block_in("differential/actions.py", BLOCK_ON_PURPOSE)
            function.can_block_in("django/core/handlers/asgi.py", "read_body")
        yield


@pytest.fixture(autouse=True)
def _site_settings() -> Iterator[None]:
    with override_settings(**SETTINGS):
        yield


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(example=examples())
def test_both_handlers_do_the_same(example: Example) -> None:
    difference = compare(example, ASGIHandler, Handler)
    assert not difference, f"\n{difference}"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda handler: handler.__name__)
def test_the_comparison_sees_a_handler_that(broken: type[ASGIHandler]) -> None:
    words, example = BROKEN[broken]
    assert words in compare(example, ASGIHandler, broken)
    assert not compare(example, ASGIHandler, ASGIHandler)
