"""The virtual environments: .venv, and .venv-3.13 where that Python is found."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from steps import ROOT, STAMPS, VENV, StepError, ensure, run

SECOND = ROOT / ".venv-3.13"
CONSTRAINTS = ROOT / "constraints.txt"

# What pip asks a venv for in order to build one; distributions package them apart.
NEEDS = "import ensurepip, sqlite3, ssl, venv"


def django_pin(version: tuple[int, int]) -> Path:
    """The newest Django that the tests claim for a Python version."""
    django = "5.2" if version < (3, 12) else "6.1"
    return ROOT / f"constraints-django-{django}.txt"


def packaging() -> str:
    """The parts of pyproject.toml that decide what is installed, as one string.

    Tool settings are left out, so that editing a lint rule installs nothing.
    """
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [data["build-system"], data["project"], data["dependency-groups"]]
    return json.dumps([*wanted, data["tool"]["hatch"]], sort_keys=True)


def create() -> None:
    """Make .venv and put uv into it."""
    label = f"Create .venv with Python {sys.version.split()[0]}"
    interpreter = [sys.version, sys.base_prefix, str(ROOT)]

    def venv() -> None:
        try:
            run([sys.executable, "-c", NEEDS])
            run([sys.executable, "-m", "venv", "--clear", VENV])
        except StepError as error:
            raise StepError(
                f"{error}\nThis Python cannot make virtual environments. On Debian "
                "and Ubuntu, install python3-venv and python3-pip."
            ) from None

    python = VENV / "bin/python"
    ensure(label, venv, stamp=STAMPS / "venv", inputs=interpreter, outputs=[python])
    pin = next(
        line for line in CONSTRAINTS.read_text().split() if line.startswith("uv==")
    )
    ensure(
        f"Install {pin.replace('==', ' ')} into it",
        lambda: run([python, "-m", "pip", "install", "--quiet", pin]),
        stamp=STAMPS / "uv",
        inputs=[pin],
        outputs=[VENV / "bin/uv"],
    )


def install(
    name: str, title: str, extras: str = "", groups: tuple[str, ...] = ()
) -> None:
    """Install the project itself, editable, with extras and dependency groups."""
    _install(VENV, name, title, sys.version_info[:2], extras, groups)


def install_package(name: str) -> None:
    """Install one pinned package that the project itself does not depend on."""
    run(_uv_install(VENV, sys.version_info[:2], name), env=index_settings())


def create_second(interpreter: Path) -> None:
    """Make .venv-3.13 with the newest Django; the first venv's uv does the work."""
    stamp = SECOND / "stamps/venv"
    command: list[str | Path] = [VENV / "bin/uv", "venv", "--clear"]
    command += ["--no-python-downloads", "--python", interpreter, SECOND]
    ensure(
        f"Create {SECOND.name} with {interpreter}",
        lambda: run(command),
        stamp=stamp,
        inputs=[str(interpreter), str(ROOT)],
        outputs=[SECOND / "bin/python"],
    )
    title = f"Install Legato with Django 6.1 into {SECOND.name}"
    _install(SECOND, "dev", title, (3, 13), "[all]", ("tests",))


def find_python313() -> Path | None:
    """A Python 3.13 that really runs: a version manager's shim may only pretend to."""
    folders = [Path(part) for part in os.get_exec_path()]
    home = Path.home()
    for versions in (home / ".pyenv/versions", home / ".local/share/uv/python"):
        folders += sorted(versions.glob("*3.13*/bin"), reverse=True)
    check = f"import sys; assert sys.version_info[:2] == (3, 13); {NEEDS}"
    for folder in folders:
        candidate = folder / "python3.13"
        if not os.access(candidate, os.X_OK):
            continue
        done = subprocess.run(
            [str(candidate), "-c", check], capture_output=True, check=False
        )
        if done.returncode == 0:
            return candidate
    return None


def index_settings() -> dict[str, str]:
    """pip's package index, for uv, which does not read pip's configuration.

    Its index where uv is told of none, and its certificates: settings of uv's own
    always win.
    """
    done = subprocess.run(
        [str(VENV / "bin/python"), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():  # global.index-url='…', then :env:.…='…'
        key, _, value = line.partition("=")
        found[key.rpartition(".")[2]] = " ".join(shlex.split(value))
    settings = {}
    told = any(key.startswith(("UV_INDEX", "UV_DEFAULT_INDEX")) for key in os.environ)
    if "index-url" in found and not told:
        settings["UV_DEFAULT_INDEX"] = found["index-url"]
        if "extra-index-url" in found:
            settings["UV_INDEX"] = found["extra-index-url"]
    if "cert" in found and "SSL_CERT_FILE" not in os.environ:
        settings["SSL_CERT_FILE"] = found["cert"]
    return settings


def _uv_install(venv: Path, version: tuple[int, int], *what: str) -> list[str | Path]:
    command: list[str | Path] = [VENV / "bin/uv", "pip", "install", "--quiet"]
    command += ["--python", venv / "bin/python", "--build-constraints", CONSTRAINTS]
    command += ["--constraints", CONSTRAINTS, "--constraints", django_pin(version)]
    return [*command, *what]


def _install(
    venv: Path,
    name: str,
    title: str,
    version: tuple[int, int],
    extras: str,
    groups: tuple[str, ...],
) -> None:
    what = ["--editable", f".{extras}"]
    for group in groups:
        what += ["--group", group]
    ensure(
        title,
        lambda: run(_uv_install(venv, version, *what), env=index_settings()),
        stamp=venv / "stamps" / name,
        inputs=[packaging(), CONSTRAINTS, django_pin(version), *what],
    )
