"""Steps of the bootstrap: each prints one line, and runs only when its inputs changed.

A finished step leaves a stamp, a hash of everything it was made from. The stamp is
written last, so a step that was interrupted or failed simply runs again. Standard
library only: this code runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"

Command = Sequence[str | Path]


class StepError(Exception):
    """A step cannot go on; the message tells the person at the terminal what to do."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title at once and the time taken at the end, on one line."""
    print(f"  {title} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def run(
    command: Command, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> None:
    """Run quietly; what the command said is shown only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        line = " ".join(str(part) for part in command)
        raise StepError(f"{done.stdout}\n{line}\nended with {done.returncode}.")


def digest(parts: Iterable[str | Path]) -> str:
    """Hash of strings and of the contents of files (a missing file counts as such)."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else b"missing"
        if isinstance(part, Path) and part.is_file():
            data = part.read_bytes()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def ensure(
    title: str,
    action: Callable[[], object],
    *,
    stamp: Path,
    inputs: Iterable[str | Path],
    outputs: Iterable[Path] = (),
) -> bool:
    """Run ``action`` unless ``stamp`` shows the same inputs and the outputs exist.

    Returns whether the action ran.
    """
    wanted = digest(inputs)
    current = stamp.read_text() if stamp.is_file() else ""
    if current == wanted and all(path.exists() for path in outputs):
        return False
    with step(title):
        stamp.unlink(missing_ok=True)
        action()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        unfinished = stamp.with_name(f"{stamp.name}.new")
        unfinished.write_text(wanted)
        unfinished.replace(stamp)
    return True


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one bootstrap work on this checkout at a time; a second one waits for it.

    The lock is held on the folder itself, so that no file is left behind.
    """
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  waiting for another make in this folder", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """End the script with a message, not a traceback, where the message says it all."""
    try:
        yield
    except StepError as error:
        print(f"\n{error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def environment() -> dict[str, str]:
    """The caller's environment with the programs of ``.venv`` first in the path."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV)}
