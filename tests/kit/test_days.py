"""Days that come in, in every shape that is accepted, and those that are not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.kit.days import not_after, parse_day
from community.kit.errors import UsageError

PARIS = "Europe/Paris"
FROM, TO = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - hypothesis wants them without an offset


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-02-28", "2025-02-28"),
        ("2025-02-28T23:59", "2025-02-28"),
        ("2025-02-28 23:59:59.999999999", "2025-02-28"),
        ("2025-02-28T23:30Z", "2025-03-01"),
        ("2025-02-28 23:30:00 UTC", "2025-03-01"),
        ("2025-02-28T23:30:00+01:00", "2025-02-28"),
        ("2025-02-28 18:30:00 -0500", "2025-03-01"),
        ("2025-03-01T00:30:00+14:00", "2025-02-28"),
        ("2024-02-29T12:00:00-12:00", "2024-03-01"),
        (" 2025-02-28 ", "2025-02-28"),
    ],
)
def test_days_and_instants_fall_on_a_day_in_paris(text: str, day: str) -> None:
    assert parse_day(text, PARIS).isoformat() == day


@pytest.mark.parametrize(
    "text",
    [
        "", "2025", "2025-02", "2025-2-3", "2025-02-3", "2025-02-30", "20250203", "2025-W01-1", "03/02/2025", "soon",
        "2025-02-28T25:00", "2025-02-28T24:00", "2025-02-28T12", "2025-02-28T12:00+518:00", "2025-02-28T12:00+16:00",
        "2025-02-28T12:00+01:60", "2025-02-28T12:00 CET", "2025-02-28T12:00:61", "0001-01-01T00:00+05:00", "٢٠٢٥-٠٢-٢٨",
        "2025-02-28Z", "2025-02-28  12:00", "2025-02-28\x00", "0000-01-01",
    ],
)  # fmt: skip
def test_other_shapes_are_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"accepted: YYYY-MM-DD|outside of the years"):
        parse_day(text, PARIS)


def test_an_instant_without_offset_is_local_unless_the_source_says_otherwise() -> None:
    assert parse_day("2025-02-28T23:30", PARIS) == date(2025, 2, 28)
    assert parse_day("2025-02-28T23:30", PARIS, "UTC") == date(2025, 3, 1)
    assert parse_day("2025-02-28", PARIS, "Pacific/Kiritimati") == date(2025, 2, 28)


def test_a_format_of_the_file_replaces_the_accepted_shapes() -> None:
    assert parse_day("4/18/2016", PARIS, None, "%m/%d/%Y") == date(2016, 4, 18)
    assert parse_day("4/18/2016 23:30:00", PARIS, "UTC", "%m/%d/%Y %H:%M:%S") == date(2016, 4, 19)
    assert parse_day("18 Apr 2016 23:30 +0000", PARIS, None, "%d %b %Y %H:%M %z") == date(2016, 4, 19)
    with pytest.raises(ValueError, match="accepted: %m/%d/%Y"):
        parse_day("2016-04-18", PARIS, None, "%m/%d/%Y")


@pytest.mark.parametrize("date_format", ["%Y", "%m/%d", "%Q", "", "d/m/Y", "%Y-%m"])
def test_a_format_that_names_no_day_is_wrong_use(date_format: str) -> None:
    if not date_format:
        assert parse_day("2025-01-01", PARIS, None, date_format) == date(2025, 1, 1)
        return
    with pytest.raises(UsageError, match="--date-format"):
        parse_day("2025-01-01", PARIS, None, date_format)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_an_unknown_zone_is_wrong_use(zone: str) -> None:
    with pytest.raises(UsageError, match="IANA"):
        parse_day("2025-01-01", zone)


def test_a_day_still_to_come_is_refused() -> None:
    assert not_after(date(2025, 1, 1), date(2025, 1, 1)) == date(2025, 1, 1)
    with pytest.raises(ValueError, match="up to today, 2025-01-01"):
        not_after(date(2025, 1, 2), date(2025, 1, 1))


@given(
    st.datetimes(FROM, TO),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["Etc/GMT+12", "Pacific/Kiritimati", "Europe/Paris", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_an_instant_falls_where_the_zone_puts_it(instant: datetime, offset: int, zone: str) -> None:
    sign = "-" if offset < 0 else "+"
    text = f"{instant.isoformat(timespec='seconds')}{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    moment = instant.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=offset)
    assert parse_day(text, zone) == moment.astimezone(ZoneInfo(zone)).date()
