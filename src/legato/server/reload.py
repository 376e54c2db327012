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


def _modification_times() -> dict[Any, float]:
    return dict(StatReloader().snapshot_files())


def _wait_for_change(before: dict[Any, float]) -> None:
    while _modification_times() == before:
        time.sleep(POLL_INTERVAL)
