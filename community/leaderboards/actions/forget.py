"""Forgetting an erased member on boards: values and places stay, what tells who it was goes."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.leaderboards.models import BOARD_VALUE, SNAPSHOT_PLACE


async def forget(connection: AsyncConnection, programme_id: int, member_id: int, folded: str) -> None:
    """Under the pseudonym until the next run takes them off the boards; the country goes from what is frozen."""
    value = (BOARD_VALUE.c.programme_id == programme_id, BOARD_VALUE.c.member_id == member_id)
    await connection.execute(update(BOARD_VALUE).where(*value).values(folded=folded))
    place = (SNAPSHOT_PLACE.c.programme_id == programme_id, SNAPSHOT_PLACE.c.member_id == member_id)
    emptied = update(SNAPSHOT_PLACE).where(*place, SNAPSHOT_PLACE.c.country.is_not(None))
    await connection.execute(emptied.values(country=None))
