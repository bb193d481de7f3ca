"""Counting on the database: each key is a row, locked while it is counted, so two processes admit no more than one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite
from community.kit.rates.models import ASKED


async def acquire(
    connection: AsyncConnection, key: str, limit: int, window: timedelta, amount: int, now: datetime
) -> bool:
    """Adds `amount` hits at `now`, unless more than `limit` would lie in the window that ends now."""
    ends_at = now + window
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    locked = (
        insert(ASKED)
        .values(key=key, hits=[], ends_at=ends_at)
        .on_conflict_do_update(index_elements=["key"], set_={"key": key})
        .returning(ASKED.c.hits)
    )
    hits = _within((await connection.scalar(locked)) or [], now - window)
    if len(hits) + amount > limit:
        return False
    changed = update(ASKED).where(ASKED.c.key == key)
    await connection.execute(changed.values(hits=[now.timestamp()] * amount + hits, ends_at=ends_at))
    return True


async def window(connection: AsyncConnection, key: str, length: timedelta, now: datetime) -> tuple[float, int]:
    """The first hit in the window that ends now (seconds since 1970; now if there is none), and how many there are."""
    hits = await connection.scalar(select(ASKED.c.hits).where(ASKED.c.key == key))
    hits = _within(hits or [], now - length)
    return (min(hits), len(hits)) if hits else (now.timestamp(), 0)


async def forget(connection: AsyncConnection, key: str) -> None:
    """The key was never asked for."""
    await connection.execute(delete(ASKED).where(ASKED.c.key == key))


async def clean_up(connection: AsyncConnection, now: datetime) -> int:
    """Deletes what no window reaches any more; answers how many keys."""
    return (await connection.execute(delete(ASKED).where(ASKED.c.ends_at <= now))).rowcount


def _within(hits: list[float], start: datetime) -> list[float]:
    """The hits after `start`. What lies ahead of a clock that was set back counts, too."""
    return [hit for hit in hits if hit > start.timestamp()]
