"""What the pages link to exists, and every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, anchors, page_id, prose

LINK = re.compile(r"\]\(([^()\s]+)\)")
INLINE_CODE = re.compile(r"`[^`]*`")


def links(page: Path) -> list[str]:
    """The links of a page that lead to files beside it."""
    found = LINK.findall(INLINE_CODE.sub("", prose(page)))
    return [link for link in found if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_something_that_exists(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert [page for page in PAGES[1:] if page not in {index, *linked}] == []
