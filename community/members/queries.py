"""Reading members, leaves and marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among
from community.kit.errors import NotFound
from community.kit.text import fold
from community.members.models import LEAVE, MEMBER, TOUCHED, Reader


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as lists and pages show them."""

    id: int
    handle: str
    folded: str
    name: str
    email: str | None
    country: str | None
    joined_on: date
    status: str
    return_on: date | None
    left_on: date | None
    on_boards: bool
    attributes: Mapping[str, Any]


_COLUMNS = tuple(MEMBER.c[name] for name in MemberRow.__slots__)


async def member(connection: AsyncConnection, programme_id: int, handle: str) -> MemberRow:
    """The member of that handle, folded. Raises NotFound."""
    found = (
        await connection.execute(
            select(*_COLUMNS).where(MEMBER.c.programme_id == programme_id, MEMBER.c.folded == fold(handle))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"no member of the programme has the handle {handle!r}")
    return MemberRow(*found)


async def members(
    connection: AsyncConnection, programme_id: int, status: str | None = None
) -> AsyncIterator[MemberRow]:
    """All members in the order of their folded handles, streamed."""
    statement = select(*_COLUMNS).where(MEMBER.c.programme_id == programme_id).order_by(MEMBER.c.folded)
    if status is not None:
        statement = statement.where(MEMBER.c.status == status)
    async for row in await connection.stream(statement):
        yield MemberRow(*row)


async def count(connection: AsyncConnection, programme_id: int) -> int:
    """How many members a programme has, in every status."""
    found = await connection.scalar(select(func.count()).where(MEMBER.c.programme_id == programme_id))
    return int(found or 0)


async def ranges(connection: AsyncConnection, programme_id: int, size: int) -> list[tuple[int, int]]:
    """The programme's member ids cut into ranges (first, last) of `size` members, in id order."""
    number = func.row_number().over(order_by=MEMBER.c.id).label("number")
    numbered = select(MEMBER.c.id, number).where(MEMBER.c.programme_id == programme_id).subquery()
    bucket = (numbered.c.number - 1) // size
    rows = await connection.execute(
        select(func.min(numbered.c.id), func.max(numbered.c.id)).group_by(bucket).order_by(bucket)
    )
    return [(first, last) for first, last in rows]


async def leaves(
    connection: AsyncConnection, programme_id: int, member_ids: Sequence[int]
) -> dict[int, list[tuple[date, date]]]:
    """The leaves (first day, day of return) of members, by member id."""
    rows = await connection.execute(
        select(LEAVE.c.member_id, LEAVE.c.first_on, LEAVE.c.return_on)
        .where(LEAVE.c.programme_id == programme_id, among(connection, LEAVE.c.member_id, member_ids))
        .order_by(LEAVE.c.member_id, LEAVE.c.first_on)
    )
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for member_id, first_on, return_on in rows:
        found[member_id].append((first_on, return_on))
    return found


async def touched(
    connection: AsyncConnection,
    programme_id: int,
    reader: Reader,
    *,
    first: int = 0,
    last: int | None = None,
    most: int,
) -> list[int]:
    """The members that a reader must look at again, from id `first` to `last`, at most `most`, in id order."""
    statement = (
        select(TOUCHED.c.member_id)
        .where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value, TOUCHED.c.member_id >= first)
        .order_by(TOUCHED.c.member_id)
        .limit(most)
    )
    if last is not None:
        statement = statement.where(TOUCHED.c.member_id <= last)
    return list((await connection.scalars(statement)).all())


async def count_touched(connection: AsyncConnection, programme_id: int, reader: Reader) -> int:
    """How many members a reader must look at again."""
    found = await connection.scalar(
        select(func.count()).where(TOUCHED.c.programme_id == programme_id, TOUCHED.c.reader == reader.value)
    )
    return int(found or 0)
