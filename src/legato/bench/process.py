"""A process under test: started on its core, watched, and always ended."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from legato.bench.errors import BenchError
from legato.bench.machine import pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

START_TIMEOUT = 30.0
_STOP_TIMEOUT = 5.0


class Process:
    """One server in a process group of its own; a context manager."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        core: int,
        *,
        answers: bool = False,
        environment: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            answers: Its output answers commands; otherwise it is kept with its errors.
            environment: The whole environment; by default that of this process.
            options: What else ``Popen`` is told.
        """
        self.name = name
        self.port = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        with pinned(core):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if answers else self._errors,
                stderr=self._errors,
                bufsize=0,
                env=environment,
                # Ctrl-C is for the bench, which then ends its servers in order.
                process_group=0,
                **options,
            )

    def __enter__(self) -> Self:
        try:
            self._await_start()
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

    def cpu_ns(self) -> int:
        """CPU time of all its threads, the ended ones too, user and system.

        Without asking the server for anything.
        """
        return self._cpu_ns(self._process.pid)

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
        """Ends its input, asks it to end, and ends whatever of its group has not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._ask_to_end()
        for harder in (signal.SIGTERM, signal.SIGKILL):
            try:
                self._process.wait(_STOP_TIMEOUT)
                break
            except subprocess.TimeoutExpired:
                self._signal_group(harder)
        self._process.wait()
        self._signal_group(signal.SIGKILL)
        self._errors.close()

    def _await_start(self) -> None:
        """Returns once it serves ``port``; raises the failure otherwise."""
        raise NotImplementedError

    def _ask_to_end(self) -> None:
        """What has to be done where the end of the input is not enough."""

    def _cpu_ns(self, pid: int) -> int:
        """From the process's own CPU clock, clock_getcpuclockid(3)."""
        try:
            return time.clock_gettime_ns((~pid << 3) | 2)
        except OSError as error:
            raise self.failure("has ended") from error

    def _memory_bytes(self, pid: int, line: str = "Rss") -> int:
        """A line of the process's memory, over all that it has mapped."""
        for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if text.startswith(f"{line}:"):
                return int(text.split()[1]) * 1024
        raise self.failure("has no resident memory to read")

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
