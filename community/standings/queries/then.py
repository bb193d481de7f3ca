"""What is read of members and contributions: as they are, or as they were known at an instant (`Known`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Uuid,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, REVISION
from community.ledger.models import ENTRY, Kind
from community.members.models import EVALUATED, MEMBER, STATUS_CHANGE
from community.standings.models import STANDING, STANDING_CHANGE
from community.standings.queries.chosen import Chosen, listed
from community.standings.rules.state import Known


@dataclass(frozen=True)
class View:
    """A member's status and lock as columns, the joins that they need (subquery, its member column), and conditions."""

    status: ColumnElement[Any]
    return_on: ColumnElement[Any]
    came_back: ColumnElement[Any]
    locked: ColumnElement[Any]
    locked_until: ColumnElement[Any]
    joins: tuple[tuple[FromClause, ColumnElement[int]], ...] = ()
    only: tuple[ColumnElement[bool], ...] = ()


NOW = View(
    MEMBER.c.status, MEMBER.c.return_on, MEMBER.c.came_back, func.coalesce(STANDING.c.locked, false()),
    STANDING.c.locked_until,
)  # fmt: skip
"""As they are."""


def then(programme_id: int, chosen: Chosen, day: ColumnElement[date], known: Known) -> View:
    """As they were known on a day made up. Whoever came to the tier held on a later day, by a file or by hand, is
    beyond that day and not evaluated for it.
    """
    later = _status_after(programme_id, chosen, known.instant)
    lock = _lock_at(programme_id, chosen, known.instant)
    moved = later.c.member_id.is_not(None)
    came_back: ColumnElement[Any] = case((moved, later.c.came_back), else_=MEMBER.c.came_back)
    if known.before is not None:
        came_back = exists().where(
            *_back(programme_id), STATUS_CHANGE.c.at > known.before, STATUS_CHANGE.c.at <= known.instant
        )
    return View(
        case((moved, later.c.from_status), else_=MEMBER.c.status),
        case((moved, later.c.from_return_on), else_=MEMBER.c.return_on),
        came_back,
        func.coalesce(lock.c.locked, false()),
        lock.c.locked_until,
        ((later, later.c.member_id), (lock, lock.c.member_id)),
        (MEMBER.c.created_at <= known.instant, or_(STANDING.c.since.is_(None), STANDING.c.since <= day)),
    )


def _status_after(programme_id: int, chosen: Chosen, instant: datetime) -> FromClause:
    """The first change of each member's status after an instant: what was before it is what was known then."""
    c = STATUS_CHANGE.c
    mine = (c.programme_id == programme_id, chosen.clause(c.member_id), c.at > instant)
    first = select(c.member_id, func.min(c.number).label("number")).where(*mine).group_by(c.member_id).subquery("first")
    return (
        select(c.member_id, c.from_status, c.from_return_on, c.came_back)
        .join_from(STATUS_CHANGE, first, and_(first.c.member_id == c.member_id, first.c.number == c.number))
        .where(*mine)
        .subquery("later")
    )


def _lock_at(programme_id: int, chosen: Chosen, instant: datetime) -> FromClause:
    """The lock that the last change of each member's standing up to an instant left."""
    c = STANDING_CHANGE.c
    place = func.row_number().over(partition_by=c.member_id, order_by=(c.at.desc(), c.number.desc()))
    placed = (
        select(c.member_id, c.locked, c.locked_until, place.label("place"))
        .where(c.programme_id == programme_id, chosen.clause(c.member_id), c.at <= instant)
        .subquery("placed")
    )
    return (
        select(placed.c.member_id, placed.c.locked, placed.c.locked_until).where(placed.c.place == 1).subquery("lock")
    )


def _back(programme_id: int) -> tuple[ColumnElement[bool], ...]:
    """The changes by which the member at hand came back."""
    c = STATUS_CHANGE.c
    return (
        c.programme_id == programme_id, c.member_id == MEMBER.c.id, c.from_status.not_in(EVALUATED),
        c.to_status.in_(EVALUATED),
    )  # fmt: skip


def came_back_since(programme_id: int, instant: datetime) -> ColumnElement[bool]:
    """Whether the member at hand came back after an instant."""
    return exists().where(*_back(programme_id), STATUS_CHANGE.c.at > instant)


async def locks_since(
    connection: AsyncConnection, programme_id: int, member_ids: list[int], instant: datetime
) -> dict[int, tuple[bool, date | None]]:
    """The present locks of those members whose standing was changed after an instant."""
    c, chosen = STANDING_CHANGE.c, listed(connection, member_ids)
    rows = await connection.execute(
        select(STANDING.c.member_id, STANDING.c.locked, STANDING.c.locked_until).where(
            STANDING.c.programme_id == programme_id,
            chosen.clause(STANDING.c.member_id),
            exists().where(c.programme_id == programme_id, c.member_id == STANDING.c.member_id, c.at > instant),
        ),
        chosen.parameters(),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def credited_at(
    programme_id: int, chosen: Chosen, position: ColumnElement[int], instant: datetime | None, *, sqlite: bool
) -> FromClause:
    """The contributions that were credited at a ledger position, with member, type and day of the award in force then
    and, where an instant is given, the fields as they were; else as they are.
    """
    award, back = ENTRY.alias("award"), ENTRY.alias("back")
    e = award.c
    taken_back = exists().where(
        back.c.programme_id == programme_id, back.c.reverses == e.number, back.c.number <= position
    )
    fields: ColumnElement[Any] = CONTRIBUTION.c.fields
    if instant is not None:
        edited = exists().where(*_taken_edits(programme_id), REVISION.c.taken_at > instant)
        fields = type_coerce(case((edited, _fields_at(programme_id, instant, sqlite)), else_=fields), fields.type)
    return (
        select(e.programme_id, e.member_id, e.type, e.effective_on.label("occurred_on"), fields.label("fields"))
        .join_from(award, CONTRIBUTION, CONTRIBUTION.c.id == _contribution(e.cause, sqlite))
        .where(
            e.programme_id == programme_id,
            chosen.clause(e.member_id),
            e.kind == Kind.AWARD.value,
            e.number <= position,
            not_(taken_back),
            CONTRIBUTION.c.programme_id == programme_id,
        )
        .subquery("credited")
    )


def _contribution(cause: ColumnElement[str], sqlite: bool) -> ColumnElement[Any]:
    """The contribution's id in the cause of an award, `contribution:ID:N`, as the database stores ids."""
    if sqlite:
        return func.replace(func.substr(cause, len("contribution:") + 1, 36), "-", "")
    return cast(func.split_part(cause, ":", 2), Uuid)


def _taken_edits(programme_id: int) -> tuple[ColumnElement[bool], ...]:
    """The revisions of the contribution at hand that count or did; the first is what stood before the first edit."""
    c = REVISION.c
    return c.programme_id == programme_id, c.contribution_id == CONTRIBUTION.c.id, c.state == "taken"


def _fields_at(programme_id: int, instant: datetime, sqlite: bool) -> ColumnElement[Any]:
    """The fields of the contribution at hand, which was edited later, as they were at an instant."""
    c = REVISION.c
    fields: ColumnElement[Any] = func.json_extract(c.content, "$.fields") if sqlite else c.content.op("->")("fields")
    return (
        select(fields)
        .where(*_taken_edits(programme_id), or_(c.number == 1, c.taken_at <= instant))
        .order_by(c.taken_at.desc().nulls_last(), c.number.desc())
        .limit(1)
        .correlate(CONTRIBUTION)
        .scalar_subquery()
    )
