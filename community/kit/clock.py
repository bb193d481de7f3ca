"""The only clock of the product. Instants are UTC; days are those of a programme's zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_stopped_at: ContextVar[datetime | None] = ContextVar("stopped_at", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    return _stopped_at.get() or datetime.now(UTC)


def today(zone: str) -> date:
    """The date of the present instant in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def last_instant(day: date, zone: str) -> datetime:
    """The last instant of a day in an IANA zone, in UTC: where the clocks go back over midnight, of the second time."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1)) - timedelta(microseconds=1)


@contextmanager
def stopped(instant: datetime) -> Iterator[None]:
    """The clock stands at `instant` (with an offset) inside the block: for tests and rehearsals."""
    if instant.tzinfo is None:
        raise ValueError("the clock needs an instant with an offset")
    token = _stopped_at.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _stopped_at.reset(token)
