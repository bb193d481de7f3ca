"""Ranks from what stands before one of a line of members; the periods of boards."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.leaderboards.rules import BUCKET, Before, Tie, counters, higher, periods, ranks
from community.programmes.book import Board, Cycle
from community.programmes.windows import bounds

BY_THE_PAGE = {"competition": [1, 2, 2, 4], "dense": [1, 2, 2, 3], "ordinal": [1, 2, 3, 4]}


@pytest.mark.parametrize("ties", BY_THE_PAGE)
@given(values=st.lists(st.integers(1, 6), min_size=1, max_size=30), data=st.data())
def test_any_part_of_a_board_has_the_ranks_of_the_whole(ties: str, values: list[int], data: st.DataObject) -> None:
    values = sorted(values, reverse=True)
    of_value = Counter(values)
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first, len(values) - 1))
    own = data.draw(st.integers(first, last))
    higher = [value for value in values if value > values[own]]
    before = Before(len(higher), len(set(higher)), values[:own].count(values[own]))
    line = [Tie(value, of_value[value]) for value in values[first : last + 1]]
    whole = {
        "competition": [1 + sum(other > value for other in values) for value in values],
        "dense": [1 + len({other for other in values if other > value}) for value in values],
        "ordinal": list(range(1, len(values) + 1)),
    }
    assert ranks(ties, line, own - first, before) == whole[ties][first : last + 1]


@pytest.mark.parametrize(("ties", "expected"), BY_THE_PAGE.items())
def test_the_example_of_the_page(ties: str, expected: list[int]) -> None:
    line = [Tie(9, 1), Tie(5, 2), Tie(5, 2), Tie(1, 1)]
    before = [Before(0, 0, 0), Before(1, 1, 0), Before(1, 1, 1), Before(3, 2, 0)]
    assert [ranks(ties, line, own, before[own]) for own in range(4)] == [expected] * 4


NEAR_BUCKETS = st.builds(lambda level, by: max(1, BUCKET**level + by), st.integers(0, 4), st.integers(-2, 2))


@given(st.one_of(st.integers(1, 10**15), NEAR_BUCKETS), st.one_of(st.integers(1, 10**15), NEAR_BUCKETS))
def test_a_member_is_counted_once_among_those_with_a_higher_value(one: int, other: int) -> None:
    counted = [first <= key <= last for first, last in higher(one) for key in counters(other)]
    assert sum(counted) == (other > one)


CYCLE_STARTS = st.builds("{:02}-{:02}".format, st.integers(1, 12), st.integers(1, 28))
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))


@given(
    window=st.sampled_from(["lifetime", "90d", "month", "last_quarter", "quarter", "year", "cycle", "last_cycle"]),
    starts=CYCLE_STARTS, months=st.sampled_from([1, 2, 3, 4, 6, 12]), since=DAYS, length=st.integers(-40, 1_500),
)  # fmt: skip
def test_periods_follow_each_other_and_are_all_that_end_between_two_days(
    window: str, starts: str, months: int, since: date, length: int
) -> None:
    """Day by day: a period ends on each day after which the board's window is that of another period."""
    board = Board.model_validate({"key": "board", "name": "Board", "metric": "points", "window": window})
    cycle = Cycle(starts=starts, months=months)
    until = date.fromordinal(min(max(since.toordinal() + length, 1), date.max.toordinal()))
    found = list(periods(board, cycle, since, until))
    unit = window.removeprefix("last_") if window not in ("lifetime", "90d") else "month"
    ends = [
        day
        for day in (date.fromordinal(number) for number in range(since.toordinal(), until.toordinal() + 1))
        if day == date.max or bounds(unit, day + timedelta(days=1), cycle)[0] == day + timedelta(days=1)
    ]
    assert [one.last for one in found] == ends
    assert all(one.first == bounds(unit, one.last, cycle)[0] for one in found)
