"""Changing the status of members, and the leaves that go with it (rulebook, section 6, Status)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.bulk import among, update_rows
from community.kit.clock import now
from community.kit.errors import Conflict, UsageError
from community.kit.rows import insert_rows
from community.members.actions.binding import shut_out
from community.members.actions.marks import lock, touch
from community.members.models import EVALUATED, LEAVE, MEMBER, STATUS_CHANGE, Status

KEPT = (
    "programme_id", "member_id", "number", "at", "from_status", "from_return_on", "to_status", "to_return_on",
    "came_back",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewStatus:
    """A member's new status; `before` is the present one, `return_on` goes with a leave, `left_on` with leaving."""

    member_id: int
    before: str
    status: Status
    return_on: date | None = None
    left_on: date | None = None


async def set_status(
    connection: AsyncConnection,
    programme_id: int,
    member_id: int,
    status: Status,
    *,
    today: date,
    actor: str,
    return_on: date | None = None,
    left_on: date | None = None,
    note: str | None = None,
) -> None:
    """Changes a member's status from `today` on. A leave needs its day of return; the same status is a conflict."""
    if status is Status.ON_LEAVE and (return_on is None or return_on <= today):
        raise UsageError(f"on_leave needs a day of return after {today}")
    if status is not Status.ON_LEAVE and return_on is not None:
        raise UsageError("a day of return goes with on_leave only")
    await lock(connection, programme_id, [member_id])
    row = (
        await connection.execute(
            select(MEMBER.c.status, MEMBER.c.return_on).where(
                MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id
            )
        )
    ).one()
    if (row.status, row.return_on) == (status.value, return_on):
        raise Conflict(f"the member is {status.value} already")
    change = NewStatus(member_id, row.status, status, return_on, left_on or today)
    await change_statuses(connection, programme_id, [change], today, actor)
    data = {"from": row.status, "to": status.value, "return_on": return_on.isoformat() if return_on else None}
    if note:
        data["note"] = note
    await write(connection, programme_id, actor, [Line("member.status_changed", member_id, data=data)])


async def change_statuses(
    connection: AsyncConnection,
    programme_id: int,
    changes: Sequence[NewStatus],
    today: date,
    actor: str = "members",
) -> None:
    """Writes new statuses of members whose rows are locked: a leave under way ends today, a new one begins.

    Whoever is removed is signed out everywhere.
    """
    if not changes:
        return
    ids = [change.member_id for change in changes]
    await _keep(connection, programme_id, changes)
    mine = (LEAVE.c.programme_id == programme_id, among(connection, LEAVE.c.member_id, ids))
    await connection.execute(delete(LEAVE).where(*mine, LEAVE.c.first_on == today))
    await connection.execute(
        update(LEAVE).where(*mine, LEAVE.c.first_on < today, LEAVE.c.return_on > today).values(return_on=today)
    )
    leaves = [
        (programme_id, change.member_id, today, change.return_on)
        for change in changes
        if change.status is Status.ON_LEAVE and change.return_on is not None and change.return_on > today
    ]
    if leaves:
        await insert_rows(connection, LEAVE, ("programme_id", "member_id", "first_on", "return_on"), leaves)
    rows = [
        (programme_id, c.member_id, c.status.value, c.return_on, None if c.status.value in EVALUATED else c.left_on)
        for c in changes
    ]
    await update_rows(connection, MEMBER, ["programme_id", "id"], ["status", "return_on", "left_on"], rows)
    back = [c.member_id for c in changes if c.status.value in EVALUATED and c.before not in EVALUATED]
    if back:
        await connection.execute(
            update(MEMBER)
            .where(MEMBER.c.programme_id == programme_id, among(connection, MEMBER.c.id, back))
            .values(came_back=True)
        )
    removed = [c.member_id for c in changes if c.status is Status.REMOVED and c.before != Status.REMOVED]
    if removed:
        await shut_out(connection, programme_id, removed, actor)
    await touch(connection, programme_id, ids)


async def _keep(connection: AsyncConnection, programme_id: int, changes: Sequence[NewStatus]) -> None:
    """Keeps what the members' statuses were, so that it can be read as it was known at any instant."""
    m, c = MEMBER.c, STATUS_CHANGE.c
    rows = await connection.execute(
        select(m.id, m.status, m.return_on, m.came_back, func.coalesce(func.max(c.number), 0))
        .outerjoin_from(MEMBER, STATUS_CHANGE, and_(c.programme_id == m.programme_id, c.member_id == m.id))
        .where(m.programme_id == programme_id, among(connection, m.id, [one.member_id for one in changes]))
        .group_by(m.id, m.status, m.return_on, m.came_back)
    )
    before = {row[0]: row for row in rows}
    at = now()
    kept = []
    for one in changes:
        _id, status, return_on, came_back, last = before[one.member_id]
        kept.append(
            (
                programme_id, one.member_id, last + 1, at, status, return_on, one.status.value, one.return_on,
                came_back,
            )
        )  # fmt: skip
    await insert_rows(connection, STATUS_CHANGE, KEPT, kept)
