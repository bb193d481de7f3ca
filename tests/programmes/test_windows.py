"""Windows and periods (rulebook, section 2), by example and against counting days one by one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.programmes.book import Cycle
from community.programmes.ceilings import periods_in
from community.programmes.windows import (
    CALENDAR_WINDOWS,
    CAP_PERIODS,
    bounds,
    cap_period,
    cycle_start,
    ends,
    minus_months,
    next_cycle_start,
    parse_window,
)

CALENDAR_YEAR = Cycle()
FISCAL = Cycle(starts="07-01", months=12)

cycles = st.builds(
    lambda month, day, months: Cycle(starts=f"{month:02}-{day:02}", months=months),
    st.integers(1, 12),
    st.integers(1, 28),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
)
days = st.dates(date(1999, 1, 1), date(2033, 12, 31))
windows = st.one_of(
    st.sampled_from(["lifetime", *CALENDAR_WINDOWS]),
    st.integers(1, 800).map("{}d".format),
    st.integers(1, 40).map("{}mo".format),
)


@pytest.mark.parametrize(
    ("window", "day", "first", "last", "end"),
    [
        ("lifetime", "2026-05-14", None, "2026-05-14", None),
        ("1d", "2026-05-14", "2026-05-14", "2026-05-14", None),
        ("365d", "2026-05-14", "2025-05-15", "2026-05-14", None),
        ("365d", "2024-12-31", "2024-01-02", "2024-12-31", None),
        ("12mo", "2026-05-14", "2025-05-15", "2026-05-14", None),
        ("1mo", "2026-03-31", "2026-03-01", "2026-03-31", None),
        ("1mo", "2024-03-30", "2024-03-01", "2024-03-30", None),
        ("12mo", "2024-02-29", "2023-03-01", "2024-02-29", None),
        ("48mo", "2024-02-29", "2020-03-01", "2024-02-29", None),
        ("month", "2024-02-10", "2024-02-01", "2024-02-10", "2024-02-29"),
        ("quarter", "2026-05-14", "2026-04-01", "2026-05-14", "2026-06-30"),
        ("year", "2026-05-14", "2026-01-01", "2026-05-14", "2026-12-31"),
        ("cycle", "2026-05-14", "2025-07-01", "2026-05-14", "2026-06-30"),
        ("cycle", "2026-07-01", "2026-07-01", "2026-07-01", "2027-06-30"),
        ("last_month", "2024-03-31", "2024-02-01", "2024-02-29", "2024-02-29"),
        ("last_month", "2026-01-01", "2025-12-01", "2025-12-31", "2025-12-31"),
        ("last_quarter", "2026-02-14", "2025-10-01", "2025-12-31", "2025-12-31"),
        ("last_year", "2026-05-14", "2025-01-01", "2025-12-31", "2025-12-31"),
        ("last_cycle", "2026-05-14", "2024-07-01", "2025-06-30", "2025-06-30"),
    ],
)
def test_bounds_of_a_window(window: str, day: str, first: str | None, last: str, end: str | None) -> None:
    at = date.fromisoformat(day)
    found = bounds(window, at, FISCAL)
    assert found == (first and date.fromisoformat(first), date.fromisoformat(last))
    assert ends(window, at, FISCAL) == (end and date.fromisoformat(end))


@pytest.mark.parametrize(
    "window", ["", "0d", "36501d", "1201mo", "12m", "-1d", "07d", "1.5d", "week", "Lifetime", "365 d"]
)
def test_an_impossible_window_is_none(window: str) -> None:
    with pytest.raises(ValueError):
        parse_window(window)


@pytest.mark.parametrize("window", ["lifetime", "1d", "36500d", "1mo", "1200mo", *CALENDAR_WINDOWS])
@pytest.mark.parametrize("day", [date.min, date(1, 1, 2), date(1, 12, 31), date(9999, 1, 1), date.max])
@pytest.mark.parametrize(
    "cycle", [CALENDAR_YEAR, FISCAL, Cycle(starts="12-28", months=1), Cycle(starts="02-15", months=4)]
)
def test_the_ends_of_the_calendar(window: str, day: date, cycle: Cycle) -> None:
    first, last = bounds(window, day, cycle)
    assert last <= day
    assert first is None or first <= day or (first, last) == (date(1, 1, 2), date(1, 1, 1))
    end = ends(window, day, cycle)
    assert end is None or end >= last
    for per in CAP_PERIODS:
        opens, closes = cap_period(per, day, cycle)
        assert opens <= day <= closes


def test_weeks_start_on_monday() -> None:
    assert cap_period("week", date(2026, 5, 17), FISCAL) == (date(2026, 5, 11), date(2026, 5, 17))
    assert cap_period("week", date(2026, 5, 18), FISCAL) == (date(2026, 5, 18), date(2026, 5, 24))


@given(days, cycles)
def test_cycles_follow_without_gap(day: date, cycle: Cycle) -> None:
    first = cycle_start(day, cycle)
    following = next_cycle_start(day, cycle)
    assert first <= day < following
    assert f"{first:%d}" == cycle.starts[3:]
    assert cycle_start(following, cycle) == following
    assert cycle_start(following - timedelta(days=1), cycle) == first
    starts_of_year = [one for one in _every_day(date(day.year, 1, 1), 365) if cycle_start(one, cycle) == one]
    assert len(starts_of_year) == 12 // cycle.months
    assert any(f"{one:%m-%d}" == cycle.starts for one in starts_of_year)


@given(windows, days, cycles)
def test_a_window_holds_what_its_sentence_says(window: str, day: date, cycle: Cycle) -> None:
    first, last = bounds(window, day, cycle)
    if window == "lifetime":
        assert (first, last) == (None, day)
        return
    assert first is not None
    for one in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
        assert (first <= one <= last) == _counts(window, one, day, cycle)


def _counts(window: str, one: date, day: date, cycle: Cycle) -> bool:
    """The table of section 2, word for word."""
    parsed = parse_window(window)
    if parsed.unit == "days":
        return day - timedelta(days=parsed.count) < one <= day
    if parsed.unit == "months":
        before = minus_months(day, parsed.count)
        assert before is not None
        return before < one <= day
    period, present = _period(parsed.unit, one, cycle), _period(parsed.unit, day, cycle)
    if parsed.previous:
        return one < day and period == _period(parsed.unit, present[0] - timedelta(days=1), cycle)
    return period == present and one <= day


def _period(unit: str, day: date, cycle: Cycle) -> tuple[date, date]:
    return cap_period(unit, day, cycle)


def _every_day(first: date, count: int) -> list[date]:
    return [first + timedelta(days=index) for index in range(count)]


@given(windows.filter(lambda one: one != "lifetime"), st.sampled_from(CAP_PERIODS), days, cycles)
def test_no_window_touches_more_periods_than_the_ceiling_says(window: str, per: str, day: date, cycle: Cycle) -> None:
    first, last = bounds(window, day, cycle)
    assert first is not None
    whole = ends(window, day, cycle) or last
    touched = {cap_period(per, one, cycle) for one in _every_day(first, (whole - first).days + 1)}
    most = periods_in(window, per, cycle)
    assert most is not None
    assert len(touched) <= most
