"""Days and instants that come in, as the date that they fall on in a programme's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from community.kit.errors import UsageError

ACCEPTED = "accepted: YYYY-MM-DD, or with T or a space a time and, if known, an offset, Z or UTC"
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d{1,12})?"
    r"(?: ?(?:(?P<utc>Z|UTC)|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})))?",
    re.ASCII,
)
_FARTHEST_OFFSET = timedelta(hours=16)  # no place was ever farther from UTC
_DIRECTIVE = re.compile(r"%[-#]?(.)")
_TIMES = frozenset("HIcXsTR")
_REMEMBERED = 50_000


class DayReader:
    """Reads the days of one file or form: for a programme's zone, and as the file writes them.

    `zone` is the programme's IANA zone; `source_zone` that of instants without offset (else they are the programme's
    local time); `date_format` replaces the accepted shapes by one of strptime's. Raises UsageError for a zone or a
    format that cannot be.
    """

    def __init__(self, zone: str, source_zone: str | None = None, date_format: str | None = None) -> None:
        self._zone = _zone(zone)
        self._source_zone = _zone(source_zone) if source_zone else None
        self._date_format = _checked_format(date_format) if date_format else None
        self._known: dict[str, date] = {}

    def read(self, text: str) -> date:
        """The day that a text names. Raises ValueError that says what is accepted."""
        found = self._known.get(text)
        if found is None:
            found = self._read(text.strip())
            if len(self._known) < _REMEMBERED:
                self._known[text] = found
        return found

    def _read(self, text: str) -> date:
        if self._date_format:
            return self._by_format(text, self._date_format)
        if len(text) == 10 and text[4] == "-" and text[7] == "-":
            return _plain(text)
        found = _INSTANT.fullmatch(text)
        if not found:
            raise ValueError(f"not a day; {ACCEPTED}")
        day = _plain(found["day"])
        try:
            instant = datetime.fromisoformat(f"{day.isoformat()}T{found['time']}")
        except ValueError:
            raise ValueError(f"no such time of day; {ACCEPTED}") from None
        offset = _offset(found)
        return self._day_of(instant if offset is None else instant.replace(tzinfo=timezone(offset)))

    def _by_format(self, text: str, date_format: str) -> date:
        try:
            instant = datetime.strptime(text, date_format)  # noqa: DTZ007 - the offset, if any, is looked at below
        except ValueError:
            raise ValueError(f"not a day; accepted: {date_format}") from None
        if instant.tzinfo is None and not _TIMES.intersection(_DIRECTIVE.findall(date_format)):
            return instant.date()
        return self._day_of(instant)

    def _day_of(self, instant: datetime) -> date:
        """The date in the programme's zone; an instant without offset is of the source's zone, if that is known."""
        if instant.tzinfo is None:
            if self._source_zone is None:
                return instant.date()
            instant = instant.replace(tzinfo=self._source_zone)
        try:
            return instant.astimezone(self._zone).date()
        except OverflowError:
            raise ValueError(f"outside of the years 1 to 9999; {ACCEPTED}") from None


def parse_day(text: str, zone: str, source_zone: str | None = None, date_format: str | None = None) -> date:
    """The day that a text names in a zone, for single values; see `DayReader`."""
    return _reader(zone, source_zone, date_format).read(text)


def not_after(day: date, today: date) -> date:
    """The day itself. Raises ValueError if it is still to come."""
    if day > today:
        raise ValueError(f"a day still to come; accepted: up to today, {today.isoformat()}")
    return day


@lru_cache(maxsize=64)
def _reader(zone: str, source_zone: str | None, date_format: str | None) -> DayReader:
    return DayReader(zone, source_zone, date_format)


def _plain(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        reason = "no such day" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else "not a day"
        raise ValueError(f"{reason}; {ACCEPTED}") from None


def _offset(found: re.Match[str]) -> timedelta | None:
    if found["utc"]:
        return timedelta(0)
    if not found["sign"]:
        return None
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    if int(found["minutes"]) > 59 or offset >= _FARTHEST_OFFSET:
        raise ValueError(f"no such offset from UTC; {ACCEPTED}")
    return offset if found["sign"] == "+" else -offset


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown name, a folder of the zone data, a path
        raise UsageError(f"unknown time zone {name!r}; accepted: an IANA name such as Europe/Paris") from None


def _checked_format(date_format: str) -> str:
    """The format, if strptime takes it and it names a day. Raises UsageError otherwise."""
    names = set(_DIRECTIVE.findall(date_format))
    whole = names & set("xcDF") or (names & set("yY") and ("j" in names or ("d" in names and names & set("mbB"))))
    sample = datetime(2026, 11, 23, 13, 14, 15, tzinfo=UTC)
    try:
        readable = datetime.strptime(sample.strftime(date_format), date_format)  # noqa: DTZ007 - only tried
    except ValueError:
        readable = None
    if readable is None or not whole:
        raise UsageError(
            f"--date-format {date_format!r}: accepted: a format of strptime that names year, month and day,"
            " such as %d/%m/%Y or %m/%d/%Y %H:%M:%S"
        )
    return date_format
