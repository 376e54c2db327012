"""A server under test: started on its core, commanded, measured, ended.

A server prints ``ready <port>`` and then reads commands, a line each:
``publish <channel> <count>`` (no answer: the clients are the proof) and ``settle``
(collects garbage, answers ``settled``). It exits when its input ends, so that none
outlives a run however that ends.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Self

from legato.bench.errors import BenchError
from legato.bench.machine import pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_START_TIMEOUT = 30.0
_ANSWER_TIMEOUT = 30.0
_STOP_TIMEOUT = 5.0
# A server that used less than this in one look is taken to be at rest.
_QUIET_LOOK = 0.05
_QUIET_CPU_NS = 1_000_000


class ServerProcess:
    """One server process; a context manager that always ends it."""

    def __init__(self, name: str, command: Sequence[str], core: int) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        with pinned(core):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                # Ctrl-C is for the bench, which then ends its servers in order.
                process_group=0,
            )
        self._answers = DefaultSelector()
        assert self._process.stdout is not None
        self._answers.register(self._process.stdout, EVENT_READ)
        self.port = 0

    def __enter__(self) -> Self:
        try:
            self.port = int(self._read_answer(_START_TIMEOUT).removeprefix("ready "))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def publish(self, channel: str, count: int) -> None:
        self._command(f"publish {channel} {count}")

    def settle(self) -> None:
        """Waits until the server rests, has collected its garbage and rests again."""
        self.wait_until_quiet()
        self._command("settle")
        answer = self._read_answer(_ANSWER_TIMEOUT)
        if answer != "settled":
            raise self.failure(f"answered {answer!r} to settle")
        self.wait_until_quiet()

    def wait_until_quiet(self, timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        quiet_looks = 0
        while quiet_looks < 3:
            before = self.cpu_ns()
            time.sleep(_QUIET_LOOK)
            quiet = self.cpu_ns() - before < _QUIET_CPU_NS
            quiet_looks = quiet_looks + 1 if quiet else 0
            if time.monotonic() > deadline:
                raise self.failure(f"was still busy after {timeout:.0f} s")

    def cpu_ns(self) -> int:
        """CPU time of all its threads, the ended ones too, user and system.

        Read from the process's own CPU clock (clock_getcpuclockid(3)), to the
        nanosecond and without asking the server for anything.
        """
        try:
            return time.clock_gettime_ns((~self._process.pid << 3) | 2)
        except OSError as error:
            raise self.failure("has ended") from error

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text()
        for line in status.splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise self.failure("has no resident memory to read")

    def failure(self, what: str) -> BenchError:
        """An error that carries the last words the server wrote."""
        status = self._process.poll()
        if status is not None:
            what += f" (exit status {status})"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").splitlines()
        return BenchError("\n".join([f"{self.name} {what}", *lines[-15:]]))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Errors of its clients carry what the server itself has to say."""
        try:
            yield
        except BenchError as error:
            raise self.failure(f"failed: {error}") from error

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        for harder in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_STOP_TIMEOUT)
                break
            except subprocess.TimeoutExpired:
                harder()
        self._process.wait()
        self._answers.close()
        self._process.stdout.close()
        self._errors.close()

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError as error:
            raise self.failure("has ended") from error

    def _read_answer(self, timeout: float) -> str:
        assert self._process.stdout is not None
        if not self._answers.select(timeout):
            raise self.failure(f"did not answer within {timeout:.0f} s")
        line: bytes = self._process.stdout.readline()
        if not line:
            raise self.failure("ended without an answer")
        return line.decode().strip()
