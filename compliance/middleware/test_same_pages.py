"""Legato's handler shows the pages that Django's shows, whatever the middleware."""

from __future__ import annotations

import pytest

from compliance.middleware.conftest import HANDLERS
from compliance.middleware.project.stacks import stacks
from compliance.middleware.scenarios import SCENARIOS, scenarios_for
from compliance.middleware.visitor import Visitor

# Whoever comes first waits for processes to start.
pytestmark = pytest.mark.timeout(20, func_only=True)

CASES = [
    pytest.param(
        stack, debug, scenario, id=f"{stack}{'-debug' if debug else ''}-{scenario}"
    )
    for debug in (False, True)
    for stack in stacks(debug=debug)
    for scenario in scenarios_for(stack)
]


@pytest.mark.parametrize(("stack", "debug", "scenario"), CASES)
async def test_pages_are_the_same_under_both_handlers(
    ports: dict[str, int],
    stack: str,
    debug: bool,
    scenario: str,
    kind: str,
) -> None:
    pages = []
    for handler in HANDLERS:
        visitor = Visitor(ports[handler], stack, kind, debug)
        await SCENARIOS[scenario](visitor)
        pages.append(visitor.pages)
    assert pages[1] == pages[0]
