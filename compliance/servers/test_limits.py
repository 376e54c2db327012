"""The table of limits says nothing that no test looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.servers.commands import COMMANDS
from compliance.servers.limits import LIMITS


@pytest.mark.parametrize(("server", "fact"), LIMITS)
def test_a_limit_is_of_a_server_and_looked_at(server: str, fact: str) -> None:
    assert server in COMMANDS
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert any(f'expected("{fact}"' in test for test in tests)
