"""The tests of the installed Django: they come with its source distribution only."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

__all__ = ["CACHE", "django_tests"]

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/django-tests"


def django_tests() -> Path:
    """The folder that holds ``runtests.py``; pip fetches it the first time.

    Raises:
        RuntimeError: pip could not fetch it; the message is pip's own.
    """
    version = django.__version__
    tests = CACHE / version / "tests"
    CACHE.mkdir(parents=True, exist_ok=True)
    with alone(CACHE):
        if not tests.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE) as name:
                unpacked = unpack(fetch(version, Path(name)), Path(name))
                (CACHE / version).mkdir(exist_ok=True)
                # Last, so that a folder that exists is complete.
                unpacked.rename(tests)
    return tests


def fetch(version: str, folder: Path) -> Path:
    """The archive. pip, as configured, knows where packages come from."""
    command = [*pip(), "download", "--quiet", "--no-deps", "--no-binary", "Django"]
    # The pip of another environment may run on an older Python than Django needs.
    command += ["--ignore-requires-python", "--dest", str(folder)]
    done = subprocess.run(
        [*command, f"Django=={version}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Django {version} could not be fetched:\n{done.stdout}")
    [archive] = folder.glob("*.tar.gz")
    return archive


def pip() -> list[str]:
    """The command; an environment that uv has made holds no pip."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    return [str(ROOT / ".venv/bin/python"), "-m", "pip"]


def unpack(archive: Path, folder: Path) -> Path:
    """The folder of tests, unpacked."""
    with tarfile.open(archive) as source:
        top = source.getnames()[0].partition("/")[0]
        prefix = f"{top}/tests/"
        members = (found for found in source if found.name.startswith(prefix))
        source.extractall(folder, members, filter="data")
    return folder / top / "tests"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder itself, so that no file is left behind."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
