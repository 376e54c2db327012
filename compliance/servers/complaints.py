"""What a server's output says that nobody has meant to happen."""

from __future__ import annotations

import re

MEANT_TO_HAPPEN = "meant to happen"
"""The message of exceptions that views raise on purpose."""

_RAISED = re.compile(r"^Traceback .*\n(?:[ \t].*\n)*(?:\w+\.)*\w+: (.*)", re.MULTILINE)
_FAULT = re.compile(r"never (?:awaited|retrieved)|was destroyed|Exception in callback")


def complaints(output: str) -> set[str]:
    """Messages of exceptions, and what asyncio says of lost tasks and coroutines."""
    found = {*_RAISED.findall(output), *_FAULT.findall(output)}
    return found - {MEANT_TO_HAPPEN}
