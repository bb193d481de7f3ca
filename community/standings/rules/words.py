"""A reason in words, for the command line: what is measured, how much there is, and the bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from community.programmes.words import either, window_words

METRICS = {
    "points": "points",
    "contributions": "contributions",
    "distinct_types": "different types",
    "reach": "reach",
    "active_days": "days with a contribution",
    "active_months": "months with a contribution",
    "best_month": "points in the best month",
    "field": "sum of a field",
    "tenure": "days as a member",
    "held": "days in the present tier",
}


def reason_words(reason: Mapping[str, Any]) -> str:
    """A reason as one line, such as `points in the last 365 days: 45, at least 60`."""
    words = METRICS[reason["metric"]]
    if reason["types"]:
        words += f" of {either(reason['types'])}"
    if reason["window"]:
        words += f" {window_words(reason['window'])}"
    bounds = [f"at least {reason['min']}"] if reason["min"] is not None else []
    bounds += [f"at most {reason['max']}"] if reason["max"] is not None else []
    return f"{words}: {reason['actual']}, {' and '.join(bounds)}"
