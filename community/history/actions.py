"""Writing history: one line for what somebody did, or one for a whole bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.models import RECORD
from community.kit.clock import now
from community.kit.db import happened, is_sqlite
from community.kit.rows import insert_rows

COLUMNS = ("programme_id", "at", "actor", "verb", "member_id", "subject", "data", "quiet")


@dataclass(frozen=True, slots=True)
class Line:
    """What happened (`verb`, such as `tier.gained`), to which member and subject, with ids, codes and numbers."""

    verb: str
    member_id: int | None = None
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


async def write(
    connection: AsyncConnection, programme_id: int | None, actor: str, lines: Iterable[Line], *, quiet: bool = False
) -> None:
    """Appends the lines, all at the present instant; what follows from them is found by the unit of work."""
    at = now()
    lines = list(lines)
    rows = [
        (programme_id, at, actor, line.verb, line.member_id, line.subject, dict(line.data), quiet) for line in lines
    ]
    if not rows:
        return
    so_far = happened(connection)
    if so_far is None or quiet:
        await insert_rows(connection, RECORD, COLUMNS, rows)
        return
    so_far.verbs.update((line.verb, programme_id) for line in lines)
    if so_far.by_record.isdisjoint(line.verb for line in lines):
        await insert_rows(connection, RECORD, COLUMNS, rows)
        return
    ids = await _next_ids(connection, len(rows))
    so_far.records += [
        (line.verb, programme_id, id_) for id_, line in zip(ids, lines, strict=True) if line.verb in so_far.by_record
    ]
    numbered = [(id_, *row) for id_, row in zip(ids, rows, strict=True)]
    await insert_rows(connection, RECORD, ("id", *COLUMNS), numbered)


async def _next_ids(connection: AsyncConnection, count: int) -> Sequence[int]:
    """Ids for records that are still to be written; on SQLite nobody else writes meanwhile."""
    if is_sqlite(connection):
        last = await connection.scalar(select(func.max(RECORD.c.id)))
        return range((last or 0) + 1, (last or 0) + 1 + count)
    taken = text("SELECT nextval(pg_get_serial_sequence('record', 'id')) FROM generate_series(1, :count)")
    return list((await connection.scalars(taken, {"count": count})).all())
