"""What passes with Django's own handlers passes with Legato's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import django
import pytest

from compliance.django.differences import DIFFERENCES, Difference
from compliance.django.labels import LABELS, labels_in
from compliance.django.results import Run, run, run_stock
from compliance.django.source import django_tests

pytestmark = pytest.mark.timeout(1_200)

MODES = ["as_chosen", "async_lane", "bridged"]

Runs = dict[str, Run]


@pytest.fixture(scope="module")
def runs() -> Runs:
    """Django's tests in all modes, two at a time."""
    django_tests()
    with ThreadPoolExecutor(max_workers=2) as pool:
        stock = pool.submit(run_stock, "stock.untouched")
        ours = {mode: pool.submit(run, f"ours.{mode}") for mode in MODES}
        return {
            "stock": stock.result(),
            **{mode: running.result() for mode, running in ours.items()},
        }


def differing(runs: Runs, mode: str) -> dict[str, str]:
    """Tests that are fine with Django's handlers and not with ours; what is wrong."""
    outcomes = runs[mode].outcomes
    found = {}
    for test, stock in runs["stock"].outcomes.items():
        ours = outcomes.get(test)
        if stock.is_good and (ours is None or ours.outcome != stock.outcome):
            found[test] = "did not run" if ours is None else ours.reason
    return found


def explain(test: str, mode: str) -> Difference | None:
    return next(
        (
            difference
            for difference in DIFFERENCES
            if difference.covers(test, mode, django.__version__)
        ),
        None,
    )


@pytest.mark.parametrize("mode", MODES)
def test_what_passes_with_django_passes_with_legato(runs: Runs, mode: str) -> None:
    unexplained = {
        test: reason
        for test, reason in differing(runs, mode).items()
        if explain(test, mode) is None
    }
    report = "\n".join(f"{test}\n{why}" for test, why in unexplained.items())
    assert not unexplained, report


@pytest.mark.parametrize("mode", MODES)
def test_every_explained_difference_is_there(runs: Runs, mode: str) -> None:
    # Those about a test or a release that this Django does not have are left out.
    expected = {
        test: difference
        for test, outcome in runs["stock"].outcomes.items()
        if outcome.is_good and (difference := explain(test, mode)) is not None
    }
    differ = differing(runs, mode)
    assert sorted(expected) == sorted(test for test in differ if explain(test, mode))


def test_every_label_sends_requests_through_a_handler(runs: Runs) -> None:
    for mode in runs:
        sent = {
            label: sum(outcome.requests > 0 for outcome in outcomes)
            for label, outcomes in runs[mode].by_label()
        }
        few = {
            label: (sent.get(label, 0), LABELS[label])
            for label in labels_in(django_tests())
            if sent.get(label, 0) < LABELS[label]
        }
        assert not few, mode


def test_requests_take_the_lanes_that_the_mode_says(runs: Runs) -> None:
    as_chosen, async_lane, bridged = (runs[mode].requests for mode in MODES)
    assert as_chosen["SyncChain.get_response"] > 1_000
    assert as_chosen["AsyncClient.get_response_async"] > 10
    assert as_chosen["ServedHandler.get_response_async"] > 0
    for requests, handler in [(async_lane, "ServedHandler"), (bridged, "Bridged")]:
        assert requests[f"{handler}.get_response_async"] > 1_000
        assert requests["AsyncClient.get_response_async"] > 100
        assert requests["Handler.get_response_async"] > 10
        assert requests["SyncChain.get_response"] == 0
    for requests in (as_chosen, async_lane, bridged):
        assert requests["ASGIHandler.get_response_async"] == 0
        assert requests["ClientHandler.get_response"] == 0


def test_nothing_is_complained_of_in_passing(runs: Runs) -> None:
    assert {mode: run.complaints for mode, run in runs.items() if run.complaints} == {}
