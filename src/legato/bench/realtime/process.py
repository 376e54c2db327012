"""A realtime server under test: commanded through its input.

A server prints ``ready <port>`` and then reads commands, a line each:
``publish <channel> <count>`` (no answer: the clients are the proof) and ``settle``
(collects garbage, answers ``settled``). It exits when its input ends, so that none
outlives a run however that ends.
"""

from __future__ import annotations

import time
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING

from legato.bench.process import START_TIMEOUT, Process

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANSWER_TIMEOUT = 30.0
# A server that used less than this in one look is taken to be at rest.
_QUIET_LOOK = 0.05
_QUIET_CPU_NS = 1_000_000


class ServerProcess(Process):
    """One server process that publishes when it is told to."""

    def __init__(self, name: str, command: Sequence[str], core: int) -> None:
        super().__init__(name, command, core, answers=True)
        self._answers = DefaultSelector()
        assert self._process.stdout is not None
        self._answers.register(self._process.stdout, EVENT_READ)

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

    def resident_bytes(self) -> int:
        return self._memory_bytes(self._process.pid)

    def stop(self) -> None:
        super().stop()
        self._answers.close()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _await_start(self) -> None:
        self.port = int(self._read_answer(START_TIMEOUT).removeprefix("ready "))

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
