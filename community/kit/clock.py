"""The only clock of the product. Instants are UTC; days are those of a programme's zone.

A process that runs for long follows the clock of its database, so that processes on machines whose clocks differ, or
are set while they run, agree on what is due and which day it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

_anchor: tuple[datetime, float] | None = None
_stopped_at: ContextVar[datetime | None] = ContextVar("stopped_at", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    stopped_at = _stopped_at.get()
    if stopped_at is not None:
        return stopped_at
    if _anchor is None:
        return datetime.now(UTC)
    instant, ticks = _anchor
    return instant + timedelta(seconds=monotonic() - ticks)


def follow(instant: datetime | None) -> None:
    """From now on it is `instant` (as the database says) and what a clock that nobody sets has gone on since.

    None goes back to the clock of this machine.
    """
    global _anchor
    _anchor = None if instant is None else (instant.astimezone(UTC), monotonic())


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
