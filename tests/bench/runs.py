"""Runs of the bench from its command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the bench needs Linux"
)


def run_bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "legato.bench", "--cache", str(folder)]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False
    )
