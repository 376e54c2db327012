"""Starting again when the code changes, through mistakes in it as well.

Django's reloader ends when its child cannot even start, as after saving half a line.
Only ``runserver`` is spared that by ``manage.py`` itself; here the parent waits for
the next change instead.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils.autoreload import (
    DJANGO_AUTORELOAD_ENV,
    StatReloader,
    restart_with_reloader,
    run_with_reloader,
)

__all__ = ["serve_with_reload"]

POLL_INTERVAL = 0.5

FAILED = 1
"""The exit status of Python after an exception."""


def serve_with_reload(serve: Callable[..., Any], **options: Any) -> None:
    """Run ``serve`` in a child process, a new one after each change; never returns."""
    if os.environ.get(DJANGO_AUTORELOAD_ENV) == "true":
        run_with_reloader(serve, **options)
        return
    try:
        while True:
            files = _modification_times()
            status = restart_with_reloader()
            if status != FAILED:
                sys.exit(status)
            _wait_for_change(files)
    except KeyboardInterrupt:
        sys.exit(0)


def _modification_times() -> dict[Path, float]:
    """Of all modules this process has, and of the files beside the project's own."""
    times = dict(StatReloader().snapshot_files())
    # A module the parent never came to import may be the one with the mistake.
    folders = {path.parent for path in times if not _is_installed(path)}
    for folder in folders:
        times |= {path: path.stat().st_mtime for path in folder.glob("*.py")}
    return times


def _is_installed(path: Path) -> bool:
    prefixes = (sys.prefix, sys.base_prefix)
    return "site-packages" in path.parts or str(path).startswith(prefixes)


def _wait_for_change(before: dict[Path, float]) -> None:
    while _modification_times() == before:
        time.sleep(POLL_INTERVAL)
