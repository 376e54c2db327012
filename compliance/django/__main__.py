"""``python -m compliance.django``: tests, requests and seconds by label and mode.

Modes are named as arguments, as in ``stock.served ours.as_chosen``; all without any.
"""

from __future__ import annotations

import sys

from compliance.django.results import Run, run

MODES = [
    "stock.untouched",
    "stock.served",
    "ours.as_chosen",
    "ours.async_lane",
    "ours.bridged",
]


def describe(mode: str, result: Run) -> str:
    lines = [f"{mode:32} {'tests':>6} {'bad':>4} {'requests':>8} {'seconds':>8}"]
    for label, outcomes in result.by_label():
        bad = sum(o.outcome in ("failed", "error") for o in outcomes)
        requests = sum(o.requests for o in outcomes)
        seconds = sum(o.seconds for o in outcomes)
        lines.append(
            f"{label:32} {len(outcomes):6} {bad:4} {requests:8} {seconds:8.2f}"
        )
    lines += [f"  {name}: {count}" for name, count in result.requests.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    for mode in sys.argv[1:] or MODES:
        sys.stdout.write(describe(mode, run(mode)) + "\n\n")
