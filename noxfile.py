"""The matrix: every supported Django on every supported Python, with make's pins.

``.venv/bin/nox --list`` shows the sessions; an interpreter that is missing is skipped.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False

# Django 6.0 and 6.1 need Python 3.12.
MATRIX = [
    ("3.11", "5.2"),
    ("3.12", "5.2"),
    ("3.12", "6.0"),
    ("3.12", "6.1"),
    ("3.13", "5.2"),
    ("3.13", "6.0"),
    ("3.13", "6.1"),
]


@nox.session
@nox.parametrize(("python", "django"), MATRIX)
def tests(session: nox.Session, django: str) -> None:
    """Run the suite without the browser; "make test" has prepared the rest."""
    pins = ["-c", "constraints.txt", "-c", f"constraints-django-{django}.txt"]
    session.install("--group", "tests", "--editable", ".[all]", *pins)
    env = {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1"}
    arguments = session.posargs or ["tests", "-m", "not browser"]
    session.run("python", "-m", "pytest", *arguments, env=env)
