"""What the pages hold."""

from __future__ import annotations

import datetime

GREETING = "Hello from a view."
GROUP = "editors"
MEMBERS = 10

_ARTICLES = [
    {
        "title": f"Notes on slurs & ties, part {number}",
        "slug": f"notes-{number}",
        "author": "Clara Wieck" if number % 2 else "Fanny Hensel",
        "published": datetime.date(2026, 1, number),
        "comments": number % 4,
        "summary": "Played without a gap between the notes, and how one learns it.",
    }
    for number in range(1, 13)
]


def context() -> dict[str, object]:
    """Twelve articles, as a list page shows them."""
    return {"title": "All articles", "articles": _ARTICLES}
