"""Ids that leave the process: time-ordered UUIDs (version 7)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils import uuid7


def new_id() -> UUID:
    """A new time-ordered id."""
    return UUID(int=uuid7().int)


def made_at(id_: UUID) -> datetime:
    """The instant at which an id was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
