"""Requirements and caps in words (rulebook, sections 3 to 5)."""

from __future__ import annotations

from typing import Any

import pytest

from community.programmes import presets
from community.programmes.book import Cap, Leaf, Tier
from community.programmes.parse import parse
from community.programmes.words import cap_words, keep_words, ladder_words, requirement_words, sentence


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (
            {"metric": "contributions", "types": ["talk"], "min": 3, "window": "365d"},
            "at least 3 contributions of type talk in the last 365 days",
        ),
        (
            {"metric": "contributions", "types": ["talk", "post"], "min": 1},
            "at least 1 contribution of types talk or post",
        ),
        (
            {"metric": "points", "max": 10, "except": ["a", "b", "c"], "window": "month"},
            "at most 10 points from contributions of any type but a, b or c in this calendar month",
        ),
        (
            {"metric": "points", "min": 2, "max": 9, "window": "last_cycle"},
            "2 to 9 points in the programme cycle before",
        ),
        ({"metric": "distinct_types", "min": 2, "window": "1d"}, "at least 2 different types in the last 1 day"),
        ({"metric": "reach", "min": 20000, "window": "cycle"}, "a reach of at least 20000 in this programme cycle"),
        (
            {"metric": "active_months", "min": 9, "window": "12mo"},
            "at least 9 months with a contribution in the last 12 months",
        ),
        ({"metric": "best_month", "min": 500}, "at least 500 points in one calendar month"),
        ({"metric": "field", "field": "hours", "min": 1.5}, "a sum of hours of at least 1.5"),
        ({"metric": "tenure", "min": 180}, "a member for at least 180 days"),
        ({"metric": "held", "min": 1}, "in the present tier for at least 1 day"),
    ],
)
def test_a_leaf_in_words(leaf: dict[str, Any], words: str) -> None:
    assert sentence(Leaf.model_validate(leaf)) == words


def test_combinations_in_words() -> None:
    gain = {
        "all": [
            {"metric": "points", "min": 1},
            {"at_least": {"count": 2, "of": [{"metric": "tenure", "min": 5}, {"metric": "reach", "min": 7}]}},
            {"none": [{"metric": "points", "min": 9}]},
        ]
    }
    tier = Tier.model_validate({"key": "a", "name": "A", "gain": gain})
    assert requirement_words(tier.gain) == (
        "all of (at least 1 point; at least 2 of (a member for at least 5 days; a reach of at least 7); "
        "none of (at least 9 points))"
    )
    assert keep_words(tier) == "what it takes to gain it"


def test_a_ladder_in_words() -> None:
    assert ladder_words(parse(presets.text("oracle-ace-2017-style"), "").book) == [
        "ace: no contributions: it is given by hand; kept by at least 200 points in this programme cycle"
    ]


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (
            {"points": 50, "per": "month", "types": ["answer"]},
            "at most 50 points a month from contributions of type answer",
        ),
        ({"contributions": 4, "per": "lifetime"}, "points for at most 4 contributions in a lifetime"),
    ],
)
def test_a_cap_in_words(cap: dict[str, Any], words: str) -> None:
    assert cap_words(Cap.model_validate(cap)) == words
