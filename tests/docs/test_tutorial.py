"""The tutorial, followed step by step up to two real browser windows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.chromium import FLAGS, find_chromium
from tests.docs.pages import DOCS, FENCE, ROOT, snippets
from tests.serving import free_port, is_healthy

TUTORIAL = DOCS / "tutorials" / "first-channel.md"
FILE_NAME = re.compile(r"(?:# |// |\{# )(\S+\.\w+)")

NODE_MODULES = ROOT / "examples" / "frontdesk" / "node_modules"


class Reader:
    """Somebody who does what the tutorial says, step by step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name != "DJANGO_SETTINGS_MODULE"
        }
        self._server: subprocess.Popen[bytes] | None = None

    def follow(self, page: Path) -> None:
        for language, code in FENCE.findall(page.read_text("utf-8")):
            if language == "sh":
                for line in code.splitlines():
                    self.type(line)
            elif (name := FILE_NAME.match(code)) is not None:
                self.write(name[1], code)

    def type(self, line: str) -> None:
        program, *arguments = line.split()
        if line.startswith("npm install centrifuge"):
            (self.folder / "node_modules").symlink_to(NODE_MODULES)
        elif program == "django-admin":
            self.run(sys.executable, "-m", "django", *arguments)
        elif program == "python" and "runserver" not in arguments:
            self.run(sys.executable, *arguments)
        elif program == "cp" or line.startswith("mkdir -p"):
            self.run(program, *arguments)

    def write(self, name: str, code: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Of the settings the tutorial shows what to change.
        before = path.read_text("utf-8") if path.name == "settings.py" else ""
        path.write_text(before + code, "utf-8")

    def run(self, *command: str) -> None:
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True)

    def start_server(self) -> None:
        command = [sys.executable, "manage.py", "runserver", "--noreload"]
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [*command, str(self.port)],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while not is_healthy(self.port):
            alive = self._server.poll() is None and time.monotonic() < deadline
            assert alive, (self.folder / "server.log").read_text("utf-8")
            time.sleep(0.05)

    def stop_server(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(15)
            self._server = None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    reader.stop_server()


def say(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Say").click()
    expect(page.locator("li").last).to_contain_text(text)


@pytest.mark.browser
@pytest.mark.timeout(90)
def test_the_tutorial_works_as_written(reader: Reader) -> None:
    reader.follow(TUTORIAL)
    reader.start_server()
    log = (reader.folder / "server.log").read_text("utf-8")
    assert snippets(TUTORIAL, "text")[0].strip() in log

    disconnect, connect = [c for c in snippets(TUTORIAL, "js") if c.count("\n") == 1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS
        )
        context = browser.new_context()
        one, two = context.new_page(), context.new_page()
        for page in (one, two):
            page.goto(f"http://127.0.0.1:{reader.port}/rooms/lobby/")
            expect(page.locator("#state")).to_have_text("live")

        say(one, "Hello")
        expect(two.locator("li")).to_have_text(["Hello"])
        two.get_by_role("button", name="Ring the bell").click()
        for page in (one, two):
            expect(page.locator("li")).to_have_text(["Hello", "Ding dong!"])
        two.get_by_role("button", name="Say").click()
        refused = "(not sent: Say something of up to 200 characters.)"
        expect(two.locator("li").last).to_have_text(refused)

        one.evaluate(disconnect)
        expect(one.locator("#state")).to_have_text("connecting")
        for text in ("while", "you were", "away"):
            say(two, text)
        expect(one.locator("li")).to_have_count(2)
        one.evaluate(connect)
        expected = ["Hello", "Ding dong!", "while", "you were", "away"]
        expect(one.locator("li")).to_have_text(expected)

        reader.stop_server()
        expect(one.locator("#state")).to_have_text("connecting")
        reader.start_server()
        for page in (one, two):
            expect(page.locator("li").last).to_have_text(
                "(something may be missing here)", timeout=15_000
            )
        browser.close()
