"""The only clock of the product. Instants are UTC; days are those of a programme's zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_stopped_at: ContextVar[datetime | None] = ContextVar("stopped_at", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    return _stopped_at.get() or datetime.now(UTC)


def today(zone: str) -> date:
    """The date of the present instant in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()


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
