"""Requirements as people read them, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from community.kit import i18n
from community.standings import words

SAID = {"talk": "Talk", "post": "Blog post"}.__getitem__


def reason(metric: str, **more: Any) -> dict[str, Any]:
    """A reason with nothing there yet."""
    usual = {
        "types": None, "window": None, "from": None, "to": "2026-11-24", "ends": None, "actual": 0, "min": None,
        "max": None,
    }  # fmt: skip
    return {"metric": metric, **usual, **more}


@pytest.mark.parametrize(
    ("given", "english", "french"),
    [
        (reason("points", min=1), "1 point", "1 point"),
        (reason("points", min=12_000), "12,000 points", "12\u202f000 points"),
        (
            reason("contributions", types=["talk", "post"], min=2.7),
            "3 contributions of type Talk or Blog post", "3 contributions de type Talk ou Blog post",
        ),
        (reason("points", max=2.5), "at most 2 points", "au plus 2 points"),
        (reason("reach", max=5), "at most a reach of 5", "au plus une portée de 5"),
        (
            reason("active_days", min=2, max=4),
            "2 to 4 days with a contribution", "de 2 à 4 jours avec une contribution",
        ),
        (
            reason("points", min=5, **{"except": ["talk"]}),
            "5 points of any type but Talk", "5 points de tout type sauf Talk",
        ),
        (
            reason("field", min=2.5, field="Hours", types=["talk"]),
            "a sum of 2.5 in the field Hours from contributions of type Talk",
            "un total de 2,5 dans le champ Hours par des contributions de type Talk",
        ),
        (
            reason("distinct_types", min=1, types=["talk"]),
            "1 type of contribution out of Talk", "1 type de contribution parmi Talk",
        ),
        (reason("tenure", min=180), "180 days as a member", "180 jours comme membre"),
        (reason("held", min=0), "0 days in the present tier", "0 jour dans le palier actuel"),
    ],
)  # fmt: skip
def test_what_a_leaf_asks_for(given: dict[str, Any], english: str, french: str) -> None:
    for language, expected in (("en", english), ("fr", french)):
        with i18n.speaking(language):
            assert words.requirement(given, SAID) == expected


@pytest.mark.parametrize(
    ("given", "english"),
    [
        (reason("points", min=60, actual=45), "15 points"),
        (reason("contributions", types=["talk"], min=2.7, actual=2), "1 contribution of type Talk"),
        (reason("distinct_types", min=3, actual=1), "2 more types of contribution"),
        (reason("best_month", min=120, actual=117), "120 points in one month"),
        (reason("tenure", min=180, actual=179), "1 day"),
    ],
)
def test_what_is_missing(given: dict[str, Any], english: str) -> None:
    assert words.gap(given, SAID) == english


@pytest.mark.parametrize(
    ("given", "english"),
    [
        ({"window": None}, ""),
        ({"window": "lifetime"}, ""),
        ({"window": "365d", "from": "2025-11-25"}, "in the last 365 days, since 25 November 2025"),
        ({"window": "1d", "from": "2026-11-24"}, "in the last day, 24 November 2026"),
        ({"window": "12mo", "from": "2025-11-25"}, "in the last 12 months, since 25 November 2025"),
        (
            {"window": "cycle", "from": "2026-09-01", "ends": "2027-08-31"},
            "from 1 September 2026 to 31 August 2027",
        ),
        (
            {"window": "last_month", "from": "2026-10-01", "to": "2026-10-31", "ends": "2026-10-31"},
            "from 1 October 2026 to 31 October 2026",
        ),
    ],
)
def test_the_days_that_count(given: dict[str, Any], english: str) -> None:
    assert words.window(reason("points", min=1, **given)) == english


def test_what_a_combination_asks_for() -> None:
    said = [words.combined(*one) for one in (("all", 3, 3), ("any", 1, 3), ("at_least.of", 2, 3), ("none", 2, 2))]
    assert said == ["all of these", "one of these 3", "2 of these 3", "none of these"]
    assert words.combined("all", 1, 1) == ""
