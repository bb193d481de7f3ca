"""What is missing for a requirement, and when it is there at a member's pace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.programmes.book import Book
from community.standings.rules.ahead import Credit, days_after, values_on
from community.standings.rules.ladder import Ladder, Node, Side, Tally, judge
from community.standings.rules.ladder import Test as Bound
from community.standings.rules.missing import missing, pace, reached_on, share, usual

DAY = date(2026, 3, 31)


def ladder(gain: dict[str, Any]) -> Ladder:
    """A ladder of one tier that asks for this."""
    types = [{"key": key, "name": key} for key in ("talk", "post")]
    programme = {"slug": "aces", "name": "Aces", "timezone": "UTC", "locale": "en"}
    tiers = [{"key": "pro", "name": "Pro", "gain": gain}]
    return Ladder(
        Book.model_validate({"format": 1, "programme": programme, "contribution_types": types, "tiers": tiers}), 1
    )


POINTS = {"metric": "points", "min": 100}
TALKS = {"metric": "contributions", "types": ["talk"], "min": 4}
POSTS = {"metric": "contributions", "types": ["post"], "min": 10}


@pytest.mark.parametrize(
    ("gain", "values", "found", "there"),
    [
        (POINTS, (40,), [0], 0.4),
        (POINTS, (100,), [], 1.0),
        (POINTS, (-20,), [0], 0.0),
        ({"all": [POINTS, TALKS]}, (40, 1), [0, 1], 0.325),
        ({"all": [POINTS, TALKS]}, (40, 4), [0], 0.7),
        ({"any": [POINTS, TALKS]}, (40, 3), [1], 0.75),
        ({"at_least": {"count": 2, "of": [POINTS, TALKS, POSTS]}}, (40, 1, 9), [0, 2], 0.65),
        ({"at_least": {"count": 2, "of": [POINTS, TALKS, POSTS]}}, (100, 1, 9), [2], 0.95),
        ({"all": [POSTS, {"any": [POINTS, TALKS]}]}, (9, 90, 1), [0, 1], 0.9),
        ({"none": [POINTS]}, (100,), [], 0.0),
        ({"none": [POINTS]}, (99,), [], 1.0),
        ({"metric": "points", "max": 10}, (11,), [0], 0.0),
    ],
)
def test_what_is_missing_and_how_much_is_there(
    gain: dict[str, Any], values: tuple[int, ...], found: list[int], there: float
) -> None:
    side = ladder(gain).rungs[0].gain
    assert side is not None
    assert missing(side, values, 0) == found
    assert share(side.node, values, 0) == pytest.approx(there)


def trees(places: Iterator[int], depth: int = 3) -> st.SearchStrategy[Node]:
    """Requirements without a `max` and a `none`, every leaf a value of its own."""
    leaf = st.integers(1, 9).map(lambda low: Bound(next(places), low, None))
    if not depth:
        return leaf
    parts = st.lists(st.deferred(lambda: trees(places, depth - 1)), min_size=1, max_size=4)
    tally = parts.flatmap(
        lambda made: st.integers(1, len(made)).map(lambda least: Tally(least, len(made), tuple(made)))
    )
    return st.one_of(leaf, tally)


@given(st.data())
def test_whoever_closes_what_is_missing_meets_the_requirement(data: st.DataObject) -> None:
    places = count()
    node = data.draw(trees(places))
    order = list(_leaves(node))
    values = [data.draw(st.integers(0, 10)) for _ in range(next(places))]
    side: Any = Side(node, tuple(order))  # type: ignore[arg-type]  # of what is shown only the number counts
    found = missing(side, values, 0)
    assert (found == []) == judge(node, values, 0)
    assert (share(node, values, 0) == 1) == judge(node, values, 0)
    for place in found:
        values[order[place].place] = order[place].low or 0
    assert judge(node, values, 0)


def _leaves(node: Node) -> Iterator[Bound]:
    if isinstance(node, Bound):
        yield node
        return
    for part in node.parts:
        yield from _leaves(part)


def test_a_pace_is_reached_while_the_window_moves_on() -> None:
    """A post of 10 points each tenth day: 90 days hold 90 points, so 100 are never reached; lifetime adds up."""
    credited = [Credit(DAY - timedelta(10 * number), "post", 10, 1, 0) for number in range(36)]
    joined_on, days = DAY - timedelta(400), days_after(DAY)
    for window, most, found in (("90d", 100, None), ("90d", 90, days[0]), ("lifetime", 400, days[40])):
        asked = ladder({"metric": "points", "min": most, "window": window})
        [shown] = asked.rungs[0].gain.shown if asked.rungs[0].gain else ()
        rate = pace(asked.measures[0], credited, joined_on, DAY)
        assert rate == Fraction(360, 365)
        assert reached_on(asked, shown, rate, DAY, days, values_on(asked, credited, joined_on, days)) == found


def test_one_good_week_promises_little() -> None:
    asked = ladder(POINTS)
    assert pace(asked.measures[0], [Credit(DAY, "post", 30, 1, 0)], DAY, DAY) == 1


def test_what_a_member_usually_does_comes_first() -> None:
    credited = [
        Credit(DAY, "talk", 40, 1, 0), Credit(DAY, "post", 20, 2, 0), Credit(DAY, None, 7, 0, 0),
        Credit(DAY - timedelta(365), "talk", 400, 9, 0),
    ]  # fmt: skip
    found = [(one.type, one.times, int(one.points_each)) for one in usual(credited, DAY)]
    assert found == [("post", 2, 10), ("talk", 1, 40)]
