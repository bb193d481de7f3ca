"""Erasing a person: the id stays, which history knows; whose it was is nowhere any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import today
from community.kit.errors import Conflict
from community.kit.mail.models import MAIL
from community.people.actions import invitations, roles, sessions, tokens
from community.people.models import HELD_ROLE, INVITATION, PERSON, PERSONAL_CHANGE
from community.people.rules import Role, State, actor_of


async def refuse_the_last_lead(connection: AsyncConnection, person_id: UUID) -> None:
    """Raises Conflict for whoever alone leads some unit: nobody could be asked for anything there any more."""
    lasting = or_(HELD_ROLE.c.until.is_(None), HELD_ROLE.c.until >= today("UTC"))
    others = HELD_ROLE.alias("others")
    alone = ~exists().where(
        others.c.unit_id == HELD_ROLE.c.unit_id, others.c.role == Role.LEAD.value,
        others.c.person_id != HELD_ROLE.c.person_id, or_(others.c.until.is_(None), others.c.until >= today("UTC")),
    )  # fmt: skip
    mine = (HELD_ROLE.c.person_id == person_id, HELD_ROLE.c.role == Role.LEAD.value, lasting)
    if await connection.scalar(select(exists().where(*mine, alone))):
        raise Conflict("you alone lead a unit: make somebody else its lead first")


async def erase(connection: AsyncConnection, person_id: UUID, actor: str) -> None:
    """Sessions, tokens, roles, invitations, mails and former values go, then address, name, language and password."""
    folded: str | None = await connection.scalar(select(PERSON.c.folded).where(PERSON.c.id == person_id))
    await sessions.end_all(connection, [person_id], actor, why="erased")
    await tokens.void(connection, person_ids=[person_id])
    await roles.revoke_all(connection, person_id, actor)
    await invitations.withdraw_of(connection, person_id, folded, actor)
    sent = INVITATION.c.person_id == person_id
    mine = or_(sent, INVITATION.c.folded == folded) if folded is not None else sent
    await connection.execute(update(INVITATION).where(mine).values(email=None, folded=None, name="", locale=None))
    to_me = MAIL.c.recipient == actor_of(person_id)
    by_address = or_(to_me, func.lower(MAIL.c.address) == folded) if folded is not None else to_me
    await connection.execute(delete(MAIL).where(by_address))
    await connection.execute(delete(PERSONAL_CHANGE).where(PERSONAL_CHANGE.c.person_id == person_id))
    await connection.execute(
        update(PERSON)
        .where(PERSON.c.id == person_id)
        .values(
            email=None, folded=None, name="", locale=None, timezone=None, password=None, state=State.DEACTIVATED.value
        )
    )
    await write(connection, None, actor, [Line("person.erased", subject=str(person_id))])
