"""Reading the documentation: its pages, snippets, tables and anchors."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def page_id(value: object) -> str:
    """Names a page in the id of a test."""
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else ""


def snippets(page: Path, *languages: str) -> list[str]:
    """The code blocks of a page that are in one of ``languages``."""
    found = FENCE.findall(page.read_text("utf-8"))
    return [code for language, code in found if language in languages]


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[str]:
    return HEADING.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    titles = [re.sub(r"[`*]", "", title) for title in headings(page)]
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


def section(page: Path, title: str) -> str:
    """What stands below a heading, up to the next heading of any level."""
    text = page.read_text("utf-8")
    # Comments at the beginning of a line of code are no headings.
    masked = FENCE.sub(lambda code: code[0].replace("#", "-"), text)
    found = re.search(
        rf"^#+ {re.escape(title)}$(.*?)(?=^#+ |\Z)", masked, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"{page.name} has no section {title!r}"
    return text[found.start(1) : found.end(1)]


def table_rows(text: str) -> list[list[str]]:
    """The cells of all table rows."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def terms(text: str) -> list[str]:
    """What the rows of tables begin with, where that is in back quotes."""
    first = [row[0] for row in table_rows(text)]
    return [cell.strip("`") for cell in first if cell.startswith("`")]
