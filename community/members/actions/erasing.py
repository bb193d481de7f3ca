"""Erasing who a member was: the row stays under a pseudonym, for the ledger keeps its sums by it."""

from __future__ import annotations

from secrets import token_hex
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.members.actions import profile
from community.members.actions.marks import lock, touch
from community.members.actions.status import set_status
from community.members.models import APPLICATION, MEMBER, Status
from community.people.actions import invitations
from community.programmes.queries import ProgrammeRow

PSEUDONYM = "gone-"
GONE = (Status.LEFT.value, Status.REMOVED.value)


async def memberships(connection: AsyncConnection, person_id: UUID) -> list[tuple[int, int]]:
    """Programme and member id of all that a person is, in the order in which they are locked."""
    asked = select(MEMBER.c.programme_id, MEMBER.c.id).where(MEMBER.c.person_id == person_id)
    return [(row[0], row[1]) for row in await connection.execute(asked.order_by(MEMBER.c.id))]


async def person_of(connection: AsyncConnection, programme_id: int, member_id: int) -> UUID | None:
    """Who a member is, if anybody accepted to be."""
    mine = (MEMBER.c.programme_id == programme_id, MEMBER.c.id == member_id)
    found: UUID | None = await connection.scalar(select(MEMBER.c.person_id).where(*mine))
    return found


async def erase(connection: AsyncConnection, programme: ProgrammeRow, member_id: int, actor: str) -> str:
    """The member leaves, says nothing any more, and has a name that tells nothing; answers it."""
    await lock(connection, programme.id, [member_id])
    mine = (MEMBER.c.programme_id == programme.id, MEMBER.c.id == member_id)
    if await connection.scalar(select(MEMBER.c.status).where(*mine)) not in GONE:
        await set_status(connection, programme.id, member_id, Status.LEFT, today=programme.today, actor=actor)
    await invitations.withdraw_of_members(connection, programme.id, [member_id], actor)
    await profile.forget(connection, programme.id, member_id)
    pseudonym = PSEUDONYM + token_hex(6)
    await connection.execute(
        update(MEMBER)
        .where(*mine)
        .values(
            handle=pseudonym, folded=pseudonym, name=pseudonym, person_id=None, email=None, country=None,
            on_boards=False, attributes={},
        )
    )  # fmt: skip
    await touch(connection, programme.id, [member_id])
    await write(connection, programme.id, actor, [Line("member.erased", member_id)])
    return pseudonym


async def drop_applications(connection: AsyncConnection, folded: str | None) -> None:
    """Deletes what somebody asked for under an address."""
    if folded is not None:
        await connection.execute(delete(APPLICATION).where(APPLICATION.c.folded == folded))
