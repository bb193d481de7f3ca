"""Posting: the only writer of entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now
from community.kit.errors import UsageError
from community.kit.ids import new_id
from community.kit.rows import Rows
from community.ledger.models import ENTRY, LEDGER_HEAD, Kind
from community.ledger.rules import Posting
from community.members import actions as members

POINTS_AT_MOST = 1_000_000


async def open_ledger(connection: AsyncConnection, programme_id: int) -> None:
    """A new programme's empty ledger."""
    await connection.execute(insert(LEDGER_HEAD).values(programme_id=programme_id, number=0))


async def number(connection: AsyncConnection, programme_id: int, count: int) -> int:
    """Takes the next `count` numbers and answers the first. Locks the head until the commit, so it comes last."""
    last = await connection.scalar(
        update(LEDGER_HEAD)
        .where(LEDGER_HEAD.c.programme_id == programme_id)
        .values(number=LEDGER_HEAD.c.number + count)
        .returning(LEDGER_HEAD.c.number)
    )
    assert last is not None
    return int(last) - count + 1


@dataclass(frozen=True, slots=True)
class Draft:
    """Postings ready to be written, all but their numbers; made before the numbers are taken, which others wait for."""

    rows: Rows
    count: int
    members: frozenset[int]


def draft(connection: AsyncConnection, programme_id: int, postings: Sequence[Posting]) -> Draft:
    """Makes postings ready to be written."""
    count = len(postings)
    by_column = zip(*postings, strict=True) if postings else ((),) * len(Posting._fields)
    columns: dict[str, Sequence[object]] = {
        "programme_id": [programme_id] * count,
        **dict(zip(Posting._fields, by_column, strict=True)),
        "recorded_at": [now()] * count,
    }
    members_touched = frozenset(one.member_id for one in postings)
    return Draft(Rows(connection, ENTRY, columns), count, members_touched)


async def post(
    connection: AsyncConnection, programme_id: int, drafted: Draft, first: int, *, also: Collection[int] = ()
) -> None:
    """Writes postings under the numbers from `first` on, and touches their members (and `also` others)."""
    if drafted.count:
        drafted.rows.set("number", range(first, first + drafted.count))
        await drafted.rows.insert()
    await members.touch(connection, programme_id, drafted.members | set(also))


async def adjust(
    connection: AsyncConnection,
    programme_id: int,
    member_id: int,
    points: int,
    *,
    day: date,
    version: int,
    note: str,
    actor: str,
) -> int:
    """Gives or takes points by hand on `day`, with a reason. Answers the entry's number."""
    if points == 0 or abs(points) > POINTS_AT_MOST:
        raise UsageError(f"points: found {points}; accepted: a whole number of at most {POINTS_AT_MOST} in size, not 0")
    if not note.strip():
        raise UsageError("an adjustment needs a reason")
    await members.lock(connection, programme_id, [member_id])
    cause = f"adjustment:{new_id()}"
    await write(
        connection, programme_id, actor,
        [Line("points.adjusted", member_id, cause, {"points": points, "day": day.isoformat(), "note": note})],
    )  # fmt: skip
    posting = Posting(member_id, Kind.ADJUSTMENT.value, day, None, points, points, 0, 0, cause, None, version)
    drafted = draft(connection, programme_id, [posting])
    first = await number(connection, programme_id, 1)
    await post(connection, programme_id, drafted, first)
    return first
