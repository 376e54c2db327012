"""What Legato claims of ordinary requests, page by page.

Judged by the server's CPU: on a core of its own a busy server answers as many requests
as that allows, and on a core that others use as well the kernel favours the servers
with more threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from legato.bench.bar import Bar, median_of
from legato.bench.figures import Spread
from legato.bench.http.pages import PAGES, Page
from legato.bench.http.series import cpu_us, lowest_of
from legato.bench.results import ratio

if TYPE_CHECKING:
    from legato.bench.results import Results

_GUNICORNS = ("gunicorn+1", "gunicorn+16")
# Against Django's own handler on the same uvicorn.
_TIMES_DJANGO = {
    "sync": {"plain": 4.0, "session": 4.0, "orm": 4.0, "template": 4.0},
    "async": {"plain": 6.0, "session": 3.0, "orm": 3.0, "template": 6.0},
}


def judge_http(results: Results) -> list[Bar]:
    bars = []
    for page in PAGES:
        bars.append(_judge_against_gunicorn(results, page))
        bars.append(_judge_against_django(results, page))
    return bars


def _judge_against_gunicorn(results: Results, page: Page) -> Bar:
    """An async view stands beside the sync view that does the same."""
    connections = results.sizes.http_connections
    ours = cpu_us(results.http, page, connections).get("legato")
    theirs = lowest_of(
        cpu_us(results.http, Page(page.view, "sync"), connections), _GUNICORNS
    )
    return Bar(
        claim=f"{page}: CPU at most that of the sync view on gunicorn (times less)",
        figure=Spread.of_ratios(theirs, ours).median if ours and theirs else None,
        bound=1.0,
        least=True,
    )


def _judge_against_django(results: Results, page: Page) -> Bar:
    bound = _TIMES_DJANGO[page.kind][page.view]
    series = cpu_us(results.http, page, results.sizes.http_connections)
    return Bar(
        claim=f"{page}: CPU at least {bound:.0f} times less than Django on uvicorn",
        figure=median_of(ratio(series, "django", to="legato")),
        bound=bound,
        least=True,
    )
