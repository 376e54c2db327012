"""What became of each test, as lines of JSON."""

from __future__ import annotations

import json
import time
import unittest
from typing import Any, ClassVar, TextIO

from django.test.runner import DiscoverRunner

from compliance.django.traffic import requests

__all__ = ["Recorder", "RecordingRunner"]


class Recorder(unittest.TextTestResult):
    """Writes a line at the end of each test.

    What fails around a test, its class or its module has a line of its own.
    """

    output: ClassVar[TextIO]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begin()

    def startTest(self, test: Any) -> None:  # noqa: N802
        super().startTest(test)
        self._begin(is_running=True)

    def stopTest(self, test: Any) -> None:  # noqa: N802
        super().stopTest(test)
        self._write(test)

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self._note(test, "error", self.errors[-1][1])

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._note(test, "failed", self.failures[-1][1])

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failed", self._exc_info_to_string(err, test))  # type: ignore[attr-defined]

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)
        self._note(test, "expected failure")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._note(test, "unexpected success")

    def _begin(self, *, is_running: bool = False) -> None:
        self._is_running = is_running
        self._outcome = "passed"
        self._reason = ""
        self._started = time.perf_counter()
        self._requests = requests.total()

    def _note(self, test: Any, outcome: str, reason: str = "") -> None:
        # A subtest that is skipped does not undo one that has failed.
        if self._outcome not in ("failed", "error"):
            self._outcome = outcome
        self._reason += reason
        if not self._is_running:
            self._write(test)

    def _write(self, test: Any) -> None:
        line = {
            "test": test.id(),
            "outcome": self._outcome,
            "reason": self._reason,
            "seconds": round(time.perf_counter() - self._started, 4),
            "requests": requests.total() - self._requests,
        }
        print(json.dumps(line), file=self.output, flush=True)
        self._begin()


class RecordingRunner(DiscoverRunner):
    """Put into ``settings.TEST_RUNNER`` of Django's tests."""

    def get_resultclass(self) -> type[Recorder]:
        return Recorder
