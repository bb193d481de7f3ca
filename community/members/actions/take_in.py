"""Taking in many members at once: created, updated where something else is given, or left as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among, update_rows
from community.kit.clock import now
from community.kit.rows import insert_rows
from community.members.actions.marks import lock, touch
from community.members.actions.status import NewStatus, change_statuses
from community.members.forms import MemberRow
from community.members.models import MEMBER, Status

COLUMNS = (
    "programme_id", "handle", "folded", "name", "email", "country", "joined_on", "status", "return_on", "left_on",
    "on_boards", "came_back", "attributes", "created_at",
)  # fmt: skip
UPDATED = ("handle", "name", "email", "country", "joined_on", "left_on", "on_boards", "attributes")


@dataclass(slots=True)
class TakenIn:
    """What became of the rows, and the member ids by folded handle."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)


async def take_in(connection: AsyncConnection, programme_id: int, rows: Sequence[MemberRow], *, today: date) -> TakenIn:
    """Takes in members with different folded handles. What a row does not give stays, or is a new one's default."""
    taken = TakenIn()
    known = await _known(connection, programme_id, [row.folded for row in rows])
    await lock(connection, programme_id, [one.id for one in known.values()])
    known = await _known(connection, programme_id, [row.folded for row in rows])
    fresh = [row for row in rows if row.folded not in known]
    if fresh:
        await insert_rows(connection, MEMBER, COLUMNS, [_new(programme_id, row, today) for row in fresh])
    ids = await ids_of(connection, programme_id, [row.folded for row in rows])
    taken.ids, taken.created = ids, len(fresh)
    taken.changed = {row.folded for row in fresh}
    statuses = [
        NewStatus(ids[row.folded], Status.ACTIVE.value, row.status, row.return_on, row.left_on)
        for row in fresh
        if row.status is Status.ON_LEAVE
    ]
    updates = []
    for row in rows:
        present = known.get(row.folded)
        if present is None:
            continue
        values = _merged(row, present)
        moved = row.status is not None and (row.status.value, row.return_on) != (present.status, present.return_on)
        if moved and row.status is not None:
            statuses.append(NewStatus(present.id, present.status, row.status, row.return_on, row.left_on))
        if values != tuple(getattr(present, name) for name in UPDATED):
            updates.append((programme_id, present.id, *values))
        elif not moved:
            taken.unchanged += 1
            continue
        taken.updated += 1
        taken.changed.add(row.folded)
    await update_rows(connection, MEMBER, ["programme_id", "id"], UPDATED, updates)
    await change_statuses(connection, programme_id, statuses, today)
    await touch(connection, programme_id, [ids[folded] for folded in taken.changed])
    return taken


async def create_named(
    connection: AsyncConnection, programme_id: int, named: Mapping[str, tuple[str, str, date]]
) -> int:
    """Creates members that an import of contributions names, where they are not there yet; answers how many.

    By folded handle: handle, name, and the day joined.
    """
    known = await ids_of(connection, programme_id, list(named))
    at = now()
    rows: list[tuple[Any, ...]] = [
        (
            programme_id,
            handle,
            folded,
            name,
            None,
            None,
            joined_on,
            Status.ACTIVE.value,
            None,
            None,
            True,
            False,
            {},
            at,
        )
        for folded, (handle, name, joined_on) in sorted(named.items())
        if folded not in known
    ]
    if rows:
        await insert_rows(connection, MEMBER, COLUMNS, rows)
    return len(rows)


async def ids_of(connection: AsyncConnection, programme_id: int, folded: Sequence[str]) -> dict[str, int]:
    """Member ids by folded handle, of those that exist."""
    rows = await connection.execute(
        select(MEMBER.c.folded, MEMBER.c.id).where(
            MEMBER.c.programme_id == programme_id, among(connection, MEMBER.c.folded, folded)
        )
    )
    return {row[0]: row[1] for row in rows}


def _new(programme_id: int, row: MemberRow, today: date) -> tuple[Any, ...]:
    status = row.status or Status.ACTIVE
    on_boards = True if row.on_boards is None else row.on_boards
    return (
        programme_id, row.handle, row.folded, row.name or row.handle, row.email, row.country, row.joined_on or today,
        status.value, row.return_on, row.left_on, on_boards, False, row.attributes, now(),
    )  # fmt: skip


def _merged(row: MemberRow, present: Any) -> tuple[Any, ...]:
    """The values of `UPDATED` after the row."""
    return (
        row.handle,
        row.name or present.name,
        row.email or present.email,
        row.country or present.country,
        row.joined_on or present.joined_on,
        row.left_on or present.left_on,
        present.on_boards if row.on_boards is None else row.on_boards,
        {**present.attributes, **row.attributes},
    )


async def _known(connection: AsyncConnection, programme_id: int, folded: Sequence[str]) -> dict[str, Any]:
    columns = (MEMBER.c[name] for name in ("id", "folded", "status", "return_on", *UPDATED))
    rows = await connection.execute(
        select(*columns).where(MEMBER.c.programme_id == programme_id, among(connection, MEMBER.c.folded, folded))
    )
    return {row.folded: row for row in rows}
