"""The last instant of a day, in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from community.kit.clock import last_instant

SKIPPED = {("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Fakaofo", date(2011, 12, 30))}
"""Days that a place went without when it moved over the date line."""


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2000, 1, 1), date(2040, 12, 31)))
def test_the_next_instant_is_of_the_next_day(zone: str, day: date) -> None:
    last = last_instant(day, zone)
    place = ZoneInfo(zone)
    assert (last + timedelta(microseconds=1)).astimezone(place).date() > day
    assert last.astimezone(place).date() == day or (zone, day) in SKIPPED


def test_where_midnight_is_skipped_or_comes_twice() -> None:
    expected = {
        ("America/Sao_Paulo", date(2018, 11, 3)): datetime(2018, 11, 4, 3, tzinfo=UTC),  # 24:00 became 01:00
        ("America/Sao_Paulo", date(2018, 2, 17)): datetime(2018, 2, 18, 3, tzinfo=UTC),  # 24:00 became 23:00
        ("America/St_Johns", date(2010, 11, 6)): datetime(2010, 11, 7, 3, 30, tzinfo=UTC),  # 00:01 became 23:01
        ("Pacific/Apia", date(2011, 12, 29)): datetime(2011, 12, 30, 10, tzinfo=UTC),  # then came the 31st
        ("Pacific/Apia", date(2011, 12, 30)): datetime(2011, 12, 30, 10, tzinfo=UTC),
        ("Pacific/Kiritimati", date(2024, 2, 29)): datetime(2024, 2, 29, 10, tzinfo=UTC),
        ("Etc/GMT+12", date(2024, 2, 29)): datetime(2024, 3, 1, 12, tzinfo=UTC),
    }
    found = {key: last_instant(key[1], key[0]) + timedelta(microseconds=1) for key in expected}
    assert found == expected
