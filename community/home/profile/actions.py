"""Leaving a programme, and erasing an account: what touches many rooms at once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.forget import forget as forget_contributions
from community.leaderboards.actions.forget import forget as forget_places
from community.members.actions import erasing as members
from community.members.actions.status import set_status
from community.members.models import Status
from community.notices.actions import forget as forget_messages
from community.people import queries as people
from community.people.actions import erasing
from community.people.rules import account_of, actor_of
from community.programmes.queries import ProgrammeRow, programme_of


async def leave(connection: AsyncConnection, programme: ProgrammeRow, member_id: int, person_id: UUID) -> None:
    """The member has left from today on; points and contributions stay, and the account."""
    await set_status(connection, programme.id, member_id, Status.LEFT, today=programme.today, actor=actor_of(person_id))


async def erase(connection: AsyncConnection, person_id: UUID) -> None:
    """Erases a person in every programme and then the account: the ledger keeps its sums under pseudonyms.

    Raises Conflict for whoever alone leads a unit.
    """
    await erasing.refuse_the_last_lead(connection, person_id)
    actor = actor_of(person_id)
    person = await people.person(connection, person_id)
    for programme_id, member_id in await members.memberships(connection, person_id):
        programme = await programme_of(connection, programme_id)
        pseudonym = await members.erase(connection, programme, member_id, actor)
        await forget_contributions(connection, programme, member_id, actor)
        await forget_places(connection, programme_id, member_id, pseudonym)
        await forget_messages(connection, programme_id, member_id)
    await members.drop_applications(connection, account_of(person.email) if person.email else None)
    await erasing.erase(connection, person_id)
