"""Ids that leave the process: time-ordered UUIDs (version 7)."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import uuid7


def new_id() -> UUID:
    """A new time-ordered id."""
    return UUID(int=uuid7().int)
