"""Leaving a programme, and erasing an account: what touches many rooms at once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.forget import forget as forget_contributions
from community.kit.errors import Conflict
from community.leaderboards.actions.forget import forget as forget_places
from community.members.actions import erasing as members
from community.members.actions.status import set_status
from community.members.models import Status
from community.members.queries import member
from community.notices.actions import forget as forget_messages
from community.people import queries as people
from community.people.actions import erasing
from community.people.rules import account_of, actor_of
from community.programmes.queries import ProgrammeRow, programme_of


async def leave(connection: AsyncConnection, programme: ProgrammeRow, member_id: int, person_id: UUID) -> None:
    """The member has left from today on; points and contributions stay, and the account."""
    await set_status(connection, programme.id, member_id, Status.LEFT, today=programme.today, actor=actor_of(person_id))


async def erase(connection: AsyncConnection, person_id: UUID, actor: str | None = None) -> None:
    """Erases a person in every programme and then the account: the ledger keeps its sums under pseudonyms.

    They ask for it themselves where there is no `actor`. Raises Conflict for whoever alone leads a unit.
    """
    await erasing.refuse_the_last_lead(connection, person_id)
    actor = actor or actor_of(person_id)
    person = await people.person(connection, person_id)
    for programme_id, member_id in await members.memberships(connection, person_id):
        await _erase_member(connection, await programme_of(connection, programme_id), member_id, actor)
    await members.drop_applications(connection, account_of(person.email) if person.email else None)
    await erasing.erase(connection, person_id, actor)


async def erase_member(connection: AsyncConnection, programme: ProgrammeRow, handle: str, actor: str) -> None:
    """Erases a member who has no account. Raises NotFound, and Conflict for one who has."""
    found = await member(connection, programme.id, handle)
    if await members.person_of(connection, programme.id, found.id) is not None:
        raise Conflict(f"{handle} has an account: `community people erase` takes that along")
    await _erase_member(connection, programme, found.id, actor)


async def _erase_member(connection: AsyncConnection, programme: ProgrammeRow, member_id: int, actor: str) -> None:
    pseudonym = await members.erase(connection, programme, member_id, actor)
    await forget_contributions(connection, programme, member_id, actor)
    await forget_places(connection, programme.id, member_id, pseudonym)
    await forget_messages(connection, programme.id, member_id)
