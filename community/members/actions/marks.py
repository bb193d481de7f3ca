"""Locks and marks: whoever changes what a standing or a board rests on locks and touches the member here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import CHUNK, among
from community.kit.db import is_sqlite, note
from community.members.models import MEMBER, TOUCHED, Reader


async def lock(connection: AsyncConnection, programme_id: int, member_ids: Collection[int]) -> None:
    """Locks the members' rows, in id order, until the end of the transaction (on SQLite its BEGIN did)."""
    if is_sqlite(connection) or not member_ids:
        return
    await connection.execute(
        select(MEMBER.c.id)
        .where(MEMBER.c.programme_id == programme_id, among(connection, MEMBER.c.id, sorted(member_ids)))
        .order_by(MEMBER.c.id)
        .with_for_update()
    )


async def lock_touched(
    connection: AsyncConnection, programme_id: int, reader: Reader, *, first: int, most: int
) -> list[int]:
    """Locks the members whom a reader must look at again, from id `first` on, at most `most`; answers their ids."""
    marked = (
        select(TOUCHED.c.member_id)
        .where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value, TOUCHED.c.member_id >= first)
        .order_by(TOUCHED.c.member_id)
        .limit(most)
    )
    found = await connection.scalars(
        select(MEMBER.c.id)
        .where(MEMBER.c.programme_id == programme_id, MEMBER.c.id.in_(marked))
        .order_by(MEMBER.c.id)
        .with_for_update()
    )
    return list(found)


async def touch(
    connection: AsyncConnection,
    programme_id: int,
    member_ids: Collection[int],
    readers: Sequence[Reader] = (Reader.STANDINGS, Reader.BOARDS),
) -> None:
    """Marks members for those who must look at them again; a mark that is there already stays.

    From `standings.touched` and `boards.touched` the prompt runs follow, whatever verb it was that touched.
    """
    insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
    ids = sorted(member_ids)
    for reader in readers if ids else ():
        note(connection, f"{reader.value}.touched", programme_id)
        for start in range(0, len(ids), CHUNK):
            source = select(MEMBER.c.programme_id, literal(reader.value), MEMBER.c.id).where(
                MEMBER.c.programme_id == programme_id, among(connection, MEMBER.c.id, ids[start : start + CHUNK])
            )
            await connection.execute(
                insert(TOUCHED)
                .from_select(["programme_id", "reader", "member_id"], source)
                .on_conflict_do_nothing(index_elements=["programme_id", "reader", "member_id"])
            )


async def untouch(connection: AsyncConnection, programme_id: int, reader: Reader, member_ids: Sequence[int]) -> None:
    """Takes a reader's marks away, in the transaction in which it looked."""
    await connection.execute(
        delete(TOUCHED).where(
            TOUCHED.c.programme_id == programme_id,
            TOUCHED.c.reader == reader.value,
            TOUCHED.c.member_id.between(min(member_ids), max(member_ids)),  # the key is used without statistics, too
            among(connection, TOUCHED.c.member_id, member_ids),
        )
    )
