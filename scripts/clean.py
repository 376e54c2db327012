"""make clean: remove what the make targets made, and nothing else."""

from __future__ import annotations

import os
import shutil

from steps import ROOT, alone, plain_errors

MADE = (
    ".venv",
    ".venv-3.13",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    "build/bench",
    "build/django-tests",
    "compliance/node/node_modules",
    "examples/frontdesk/*.sqlite3*",
    "examples/frontdesk/desk/static/desk/vendor",
    "examples/frontdesk/node_modules",
)
SOURCES = ("compliance", "examples", "scripts", "src", "tests")


def main() -> None:
    with alone():
        found = [path for pattern in MADE for path in ROOT.glob(pattern)]
        for folder in SOURCES:
            for where, names, _ in os.walk(ROOT / folder):
                if "__pycache__" in names:
                    found.append(ROOT / where / "__pycache__")
        found += ROOT.glob("__pycache__")
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=False)
            elif path.exists() or path.is_symlink():
                path.unlink()
    print(f"Removed {len(found)} folders and files that make had built.")


if __name__ == "__main__":
    with plain_errors():
        main()
