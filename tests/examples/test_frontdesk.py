"""The example without a browser: it has its own settings, hence subprocesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.conftest import Frontdesk


@pytest.fixture
def desk(tmp_path: Path) -> Frontdesk:
    return Frontdesk(tmp_path)


@pytest.mark.timeout(60)
def test_the_tests_of_the_example_pass(desk: Frontdesk) -> None:
    result = desk.manage("test", "--verbosity", "0")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--fail-level", "WARNING"),
        ("makemigrations", "--check", "--dry-run"),
    ],
    ids=lambda command: command[0],
)
def test_the_project_has_nothing_left_to_do(
    desk: Frontdesk, command: tuple[str, ...]
) -> None:
    result = desk.manage(*command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_seed_can_be_run_again(desk: Frontdesk) -> None:
    assert desk.manage("migrate").returncode == 0
    assert "(6 new)" in desk.manage("seed").stdout
    assert "(0 new)" in desk.manage("seed").stdout


def test_a_secret_key_is_required_outside_debug(
    desk: Frontdesk,
) -> None:
    desk.environment["FRONTDESK_DEBUG"] = "0"
    result = desk.manage("check")
    assert result.returncode != 0
    assert "FRONTDESK_SECRET_KEY" in result.stderr
