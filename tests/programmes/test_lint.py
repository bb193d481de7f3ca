"""The five warnings of a book that is valid but suspicious (rulebook, section 8)."""

from __future__ import annotations

from typing import Any

import pytest

from community.programmes.parse import parse
from tests.programmes.cases import text_of

POST = {"key": "post", "name": "Post", "points": {"base": 5}}
TALK = {"key": "talk", "name": "Talk", "points": {"base": 20}}


def warnings(**parts: Any) -> list[tuple[str, str]]:
    """Path and text of the warnings of a book of these parts."""
    book = {
        "format": 1,
        "programme": {"slug": "lint", "name": "Lint", "timezone": "UTC", "locale": "en"},
        "contribution_types": [POST, TALK],
        **parts,
    }
    return [(one.path, one.text) for one in parse(text_of(book), "book.yaml").warnings]


def tier(key: str, gain: Any, **more: Any) -> dict[str, Any]:
    """A tier."""
    return {"key": key, "name": key, "gain": gain, **more}


def points(least: int, **more: Any) -> dict[str, Any]:
    """A leaf on points."""
    return {"metric": "points", "min": least, **more}


def test_a_book_in_order_has_none() -> None:
    assert (
        warnings(tiers=[tier("a", points(10)), tier("b", {"all": [points(20), {"metric": "tenure", "min": 5}]})]) == []
    )


@pytest.mark.parametrize(
    "tiers",
    [
        [tier("a", points(20)), tier("b", points(10))],
        [tier("a", points(20)), tier("b", points(20))],
        [tier("a", points(20)), tier("b", {"all": [points(10), {"metric": "tenure", "min": 5}]})],
    ],
)
def test_thresholds_that_do_not_grow(tiers: list[Any]) -> None:
    [(path, text)] = warnings(tiers=tiers)
    assert path == "tiers[1].gain"
    assert "should grow" in text


def test_a_type_that_gives_nothing_and_counts_nowhere() -> None:
    visit = {"key": "visit", "name": "Visit"}
    [(path, text)] = warnings(contribution_types=[POST, visit], tiers=[tier("a", points(10))])
    assert (path, "gives no points" in text) == ("contribution_types[1]", True)
    counted = {"metric": "active_days", "types": ["visit"], "min": 1}
    assert warnings(contribution_types=[POST, visit], tiers=[tier("a", {"all": [points(10), counted]})]) == []


def test_a_type_that_only_takes_points_away_is_no_such_type() -> None:
    spam = {"key": "spam", "name": "Spam", "points": {"base": -10}}
    assert warnings(contribution_types=[POST, spam], tiers=[tier("a", points(10))]) == []


@pytest.mark.parametrize(
    ("caps", "gain", "reachable"),
    [
        ([{"points": 99, "per": "lifetime"}], points(100), False),
        ([{"points": 100, "per": "lifetime"}], points(100), True),
        ([{"points": 99, "per": "year"}], points(100), True),
        ([{"points": 49, "per": "year"}], points(100, window="365d"), False),
        ([{"points": 50, "per": "year"}], points(100, window="365d"), True),
        ([{"points": 10, "per": "month"}], points(121, window="year"), False),
        ([{"points": 10, "per": "month"}], points(120, window="year"), True),
        ([{"points": 10, "per": "month"}], points(130, window="12mo"), True),
        ([{"points": 10, "per": "month"}], points(131, window="12mo"), False),
        ([{"points": 99, "per": "lifetime", "types": ["post"]}], points(100), True),
        ([{"points": 99, "per": "lifetime", "types": ["post"]}], points(100, types=["post"]), False),
        (
            [
                {"points": 40, "per": "lifetime", "types": ["post"]},
                {"points": 50, "per": "lifetime", "except": ["post"]},
            ],
            points(91),
            False,
        ),
        ([{"contributions": 4, "per": "month", "types": ["post"]}], points(21, window="month", types=["post"]), False),
        ([{"contributions": 4, "per": "month", "types": ["post"]}], points(20, window="month", types=["post"]), True),
        ([{"points": 499, "per": "month"}], {"metric": "best_month", "min": 500}, False),
        ([{"points": 0, "per": "lifetime"}], {"metric": "contributions", "min": 500}, True),
        ([{"points": 99, "per": "lifetime"}], {"any": [points(100), {"metric": "tenure", "min": 9}]}, True),
        (
            [{"points": 99, "per": "lifetime"}],
            {"at_least": {"count": 2, "of": [points(100), {"metric": "tenure", "min": 9}]}},
            False,
        ),
        ([{"points": 99, "per": "lifetime"}], {"none": [points(100)]}, True),
    ],
)
def test_a_tier_above_what_the_caps_leave(caps: list[Any], gain: Any, reachable: bool) -> None:
    found = warnings(caps=caps, tiers=[tier("a", gain)])
    assert found == [] if reachable else [path for path, _ in found] == ["tiers[0].gain"]


@pytest.mark.parametrize(
    ("keep", "harder"),
    [
        (points(100), False),
        (points(101), True),
        (points(100, window="30d"), True),
        (points(20, window="30d"), False),
        ({"all": [points(50), {"metric": "tenure", "min": 9}]}, False),
        ({"share": 1}, False),
    ],
)
def test_a_keep_harder_than_its_gain(keep: Any, harder: bool) -> None:
    found = warnings(tiers=[tier("a", points(100), keep=keep)])
    assert [path for path, _ in found] == (["tiers[0].keep"] if harder else [])


def test_a_fine_on_a_field_that_may_fall_below_zero_is_no_bound() -> None:
    fine = {"per": "change", "every": 1, "points": -1}
    drift = {
        "key": "drift",
        "name": "Drift",
        "fields": [{"key": "change", "name": "Change", "type": "integer"}],
        "points": {"bonuses": [fine]},
    }
    caps = [{"contributions": 1, "per": "lifetime"}]
    assert warnings(contribution_types=[drift], caps=caps, tiers=[tier("a", points(10))]) == []


def test_a_ladder_without_an_automatic_tier() -> None:
    gate = tier("a", points(10), promotion="manual")
    assert [path for path, _ in warnings(tiers=[gate])] == ["tiers"]
    assert warnings(tiers=[gate, tier("b", points(20))]) == []
    assert warnings() == []
