"""Roles: granted on a unit or a programme, and taken.

Whoever gains or loses one signs in anew, so that no session that began with lesser rights goes on with greater ones.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now, today
from community.kit.errors import Conflict, NotFound, UsageError
from community.kit.ids import new_id
from community.people import queries
from community.people.actions import invitations, sessions
from community.people.models import HELD_ROLE
from community.people.rules import Place, Role, misplaced


def check(role: Role, place: Place, until: date | None) -> None:
    """Raises UsageError for a role that cannot be held there, or until then."""
    if misplaced(role, place):
        raise UsageError(f"{role}: accepted: lead, manager or reviewer of a unit; manager or reviewer of a programme")
    if until is not None and until < today("UTC"):
        raise UsageError(f"{until} is over; accepted: today or a later day")


async def grant(
    connection: AsyncConnection, person_id: UUID, role: Role, place: Place, actor: str, *, until: date | None = None
) -> None:
    """Gives a person a role, or another end to one that they hold. Raises Conflict where nothing would change."""
    if not await hold(connection, person_id, role, place, actor, until=until):
        raise Conflict(f"the person is {role} there already")


async def hold(
    connection: AsyncConnection, person_id: UUID, role: Role, place: Place, actor: str, *, until: date | None = None
) -> bool:
    """The same; False where the person holds the role already, up to the same day."""
    check(role, place, until)
    if not (await queries.person(connection, person_id)).active:
        raise Conflict("the person is deactivated")
    same = (*_on(place), HELD_ROLE.c.person_id == person_id, HELD_ROLE.c.role == role.value)
    held = (await connection.execute(select(HELD_ROLE.c.id, HELD_ROLE.c.until).where(*same))).one_or_none()
    if held is not None and held.until == until:
        return False
    if held is not None:
        await connection.execute(update(HELD_ROLE).where(HELD_ROLE.c.id == held.id).values(until=until))
    else:
        values = {"id": new_id(), "person_id": person_id, "role": role.value, "until": until, **place._asdict()}
        await connection.execute(insert(HELD_ROLE).values(**values, granted_at=now(), granted_by=actor))
    await sessions.end_all(connection, [person_id], actor, why="role")
    await _tell(connection, person_id, "role.granted", role, place, actor, until)
    return True


async def revoke(connection: AsyncConnection, person_id: UUID, role: Role, place: Place, actor: str) -> None:
    """Takes a role. Raises NotFound where it is not held."""
    same = (*_on(place), HELD_ROLE.c.person_id == person_id, HELD_ROLE.c.role == role.value)
    if not (await connection.execute(delete(HELD_ROLE).where(*same))).rowcount:
        raise NotFound(f"the person is not {role} there")
    await _taken(connection, person_id, [(role, place)], actor)


async def revoke_all(connection: AsyncConnection, person_id: UUID, actor: str) -> None:
    """Takes all roles of a person."""
    gone = delete(HELD_ROLE).where(HELD_ROLE.c.person_id == person_id)
    columns = (HELD_ROLE.c.role, HELD_ROLE.c.unit_id, HELD_ROLE.c.programme_id)
    rows = await connection.execute(gone.returning(*columns))
    taken = [(Role(row.role), Place(row.unit_id, row.programme_id)) for row in rows]
    if taken:
        await _taken(connection, person_id, taken, actor)


async def _taken(connection: AsyncConnection, person_id: UUID, taken: list[tuple[Role, Place]], actor: str) -> None:
    """What goes with roles: sessions, and the invitations by which the person gave roles to others."""
    await sessions.end_all(connection, [person_id], actor, why="role")
    await invitations.withdraw_by(connection, person_id, actor)
    for role, place in taken:
        await _tell(connection, person_id, "role.revoked", role, place, actor, None)


async def _tell(
    connection: AsyncConnection, person_id: UUID, verb: str, role: Role, place: Place, actor: str, until: date | None
) -> None:
    data = {"role": role.value, "unit": place.unit_id, "until": until.isoformat() if until else None}
    await write(connection, place.programme_id, actor, [Line(verb, subject=str(person_id), data=data)])


def _on(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        HELD_ROLE.c.unit_id.is_not_distinct_from(place.unit_id),
        HELD_ROLE.c.programme_id.is_not_distinct_from(place.programme_id),
    )
