"""Django's ``runtests.py`` in this process, with its handlers substituted.

``python -m compliance.django.runner MODE OUTPUT TESTS LABEL ...`` writes a line of JSON
for each test to OUTPUT, and a last one about the run as a whole. MODE is a function of
``stock`` or ``ours``, as in ``ours.as_chosen``.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

from compliance.django.complaints import gather, listen
from compliance.django.recorder import Recorder
from compliance.django.traffic import requests, watch

SETTINGS = "test_sqlite"


def main(mode: str, output: str, tests: str, *labels: str) -> None:
    with Path(output).open("w", encoding="utf-8") as Recorder.output:
        run(mode, Path(tests).resolve(), labels)
        last = {"requests": requests, "complaints": gather()}
        print(json.dumps(last), file=Recorder.output)


def run(mode: str, tests: Path, labels: tuple[str, ...]) -> None:
    # They import each other by names like "urls", and find their files from here.
    sys.path.insert(0, os.fspath(tests))
    os.chdir(tests)
    settings: Any = importlib.import_module(SETTINGS)
    settings.TEST_RUNNER = "compliance.django.recorder.RecordingRunner"
    listen()
    watch()
    import_string(f"compliance.django.{mode}")()
    sys.argv = ["runtests.py", "--settings", SETTINGS, "--parallel", "1", *labels]
    try:
        runpy.run_path("runtests.py", run_name="__main__")
    except SystemExit as ended:
        # 1 says that tests have failed.
        if ended.code != 1:
            raise


if __name__ == "__main__":
    main(*sys.argv[1:])
