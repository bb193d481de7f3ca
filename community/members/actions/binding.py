"""Which person a member is."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.bulk import among
from community.kit.errors import Conflict, NotFound
from community.members.actions.marks import lock
from community.members.models import MEMBER
from community.people.actions import invitations, sessions
from community.people.rules import actor_of


async def bind(connection: AsyncConnection, programme_id: int, member_id: int, person_id: UUID) -> None:
    """A person who accepted to be this member is it from now on.

    Raises Conflict where the member is another person already, or the person another member of the programme.
    """
    await lock(connection, programme_id, [member_id])
    asked = select(MEMBER.c.id, MEMBER.c.person_id).where(MEMBER.c.programme_id == programme_id)
    found = {row.id: row.person_id for row in await connection.execute(
        asked.where((MEMBER.c.id == member_id) | (MEMBER.c.person_id == person_id))
    )}  # fmt: skip
    if member_id not in found:
        raise NotFound(f"no member {member_id} in the programme")
    if found[member_id] == person_id:
        return
    if found[member_id] is not None:
        raise Conflict("this member is somebody else's already")
    if len(found) > 1:
        raise Conflict("your account is another member of this programme already")
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
    await connection.execute(update(MEMBER).where(*mine).values(person_id=person_id))
    line = Line("member.bound", member_id, data={"person": str(person_id)})
    await write(connection, programme_id, actor_of(person_id), [line])


async def shut_out(connection: AsyncConnection, programme_id: int, member_ids: Sequence[int], actor: str) -> None:
    """What goes with being removed from a programme: the sessions of the persons, and the invitations still open."""
    asked = select(MEMBER.c.person_id).where(
        MEMBER.c.programme_id == programme_id,
        MEMBER.c.person_id.is_not(None),
        among(connection, MEMBER.c.id, member_ids),
    )
    persons = [one for one in await connection.scalars(asked) if one is not None]
    await sessions.end_all(connection, persons, actor, why="removed")
    await invitations.withdraw_of_members(connection, programme_id, member_ids, actor)
