"""The code on the pages: it compiles, imports what exists, and declares what works."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legato import checks, conf
from legato.realtime.channels.registry import registry
from tests.docs.pages import PAGES, REFERENCE, page_id, snippets

# Shows mistakes, each of which test_checks.py looks at.
MISTAKES = REFERENCE / "checks.md"
CORRECT = [page for page in PAGES if page != MISTAKES]


def statements(page: Path) -> Iterator[ast.stmt]:
    for code in snippets(page, "python"):
        yield from ast.parse(code).body


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_snippets_compile(page: Path) -> None:
    for code in snippets(page, "python"):
        compile(code, page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_what_snippets_import_from_legato_exists(page: Path) -> None:
    for node in statements(page):
        if not isinstance(node, ast.ImportFrom):
            continue
        if (node.module or "").split(".")[0] == "legato":
            exec(ast.unparse(node), {})


@pytest.mark.parametrize("page", CORRECT, ids=page_id)
def test_settings_in_snippets_are_valid(page: Path) -> None:
    for node in statements(page):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LEGATO":
            values = ast.literal_eval(node.value)
            assert set(values) <= set(conf.setting_names())
            conf.convert_settings(values)


@pytest.mark.parametrize("page", CORRECT, ids=page_id)
@pytest.mark.usefixtures("declared_channels")
def test_channels_in_snippets_have_hooks_that_can_be_called(page: Path) -> None:
    before = list(registry)
    names: dict[str, Any] = {"__name__": "documented"}
    exec("from legato import Channel, History", names)
    for node in statements(page):
        if isinstance(node, ast.ClassDef) and "Channel" in map(ast.unparse, node.bases):
            exec(ast.unparse(node), names)
            assert checks.check_hooks() == []
            for channel in [c for c in registry if c not in before]:
                registry.remove(channel)


@pytest.mark.node
@pytest.mark.parametrize(
    "page", [page for page in PAGES if snippets(page, "js")], ids=page_id
)
def test_javascript_snippets_have_no_syntax_errors(page: Path) -> None:
    # Each is a block of its own, for several declare the same names.
    code = "\n".join(
        f"{{\n{code}}}" if "import " not in code else code
        for code in snippets(page, "js")
    )
    result = subprocess.run(
        ["node", "--check", "--input-type=module", "-"],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
