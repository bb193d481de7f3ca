"""Whether this database is a demonstration, and who may be whom in it."""

from __future__ import annotations

from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.demo.models import MARKED
from community.kit.db import is_sqlite

_known: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()
"""A database is marked while it is empty or never, so a process looks once; whoever signs in is looked up afresh."""


async def players(connection: AsyncConnection) -> dict[str, UUID] | None:
    """The persons whom anybody may be, by what they are; None where nobody may: this is no demonstration."""
    if not is_sqlite(connection):
        return None
    found = await connection.scalar(select(MARKED.c.players))
    return None if found is None else {part: UUID(person) for part, person in found.items()}


async def is_demonstration(connection: AsyncConnection) -> bool:
    """Whether this database is a demonstration."""
    engine: Engine = connection.sync_connection.engine  # type: ignore[union-attr]  # it is open
    if engine not in _known:
        _known[engine] = await players(connection) is not None
    return _known[engine]
