"""Midnights of zones: the slot of a daily run is the first instant of the programme's day, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from community.jobs.rules import latest_slot
from community.kit import clock
from community.kit.clock import last_instant

ZONES = (
    "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "Africa/Cairo", "America/Havana", "Asia/Beirut",
    "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Paris", "America/St_Johns", "Africa/Casablanca",
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_number(second: int, zone: ZoneInfo) -> int:
    """The day of a zone as a number, from seconds since 1970 and the offset of that second: no calendar is asked."""
    offset = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return (second + int(offset.total_seconds())) // 86_400


def first_second(second: int, zone: ZoneInfo) -> int:
    """The first second of the day in which a second lies."""
    low, high = second - 30 * 3_600, second
    while high - low > 1:
        middle = (low + high) // 2
        if day_number(middle, zone) == day_number(second, zone):
            high = middle
        else:
            low = middle
    return high


moments = st.tuples(
    st.sampled_from(ZONES),
    st.integers(min_value=int(datetime(2011, 12, 20, tzinfo=UTC).timestamp()), max_value=2_000_000_000),
    st.sampled_from([None, -1, 0, 1]),
)


@given(moments)
@example(("Africa/Cairo", int(datetime(2024, 4, 26, 9, tzinfo=UTC).timestamp()), 0))
@example(("America/Havana", int(datetime(2024, 3, 10, 9, tzinfo=UTC).timestamp()), -1))
@example(("America/Sao_Paulo", int(datetime(2018, 2, 18, 9, tzinfo=UTC).timestamp()), -1))
@example(("Pacific/Apia", int(datetime(2011, 12, 31, 3, tzinfo=UTC).timestamp()), 1))
@example(("Europe/Paris", int(datetime(2024, 2, 29, 12, tzinfo=UTC).timestamp()), 0))
@example(("UTC", int(datetime(2020, 12, 31, 12, tzinfo=UTC).timestamp()), -1))
def test_the_slot_of_a_day_is_its_first_instant(moment: tuple[str, int, int | None]) -> None:
    name, second, around = moment
    zone = ZoneInfo(name)
    if around is not None:  # a second before, at, and after the midnight
        second = first_second(second, zone) + around
    at = EPOCH + timedelta(seconds=second)
    day = date.fromordinal(EPOCH.toordinal() + day_number(second, zone))
    assert latest_slot("0 0 * * *", name, at) == EPOCH + timedelta(seconds=first_second(second, zone))
    with clock.stopped(at + timedelta(microseconds=999_999)):
        assert clock.today(name) == day
    assert day_number(int(last_instant(day, name).timestamp()), zone) == day_number(second, zone)
    after = last_instant(day, name) + timedelta(microseconds=1)
    assert first_second(int(after.timestamp()), zone) == int(after.timestamp())
