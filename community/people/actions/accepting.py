"""Accepting an invitation.

The answer says which member the person is to be bound to; the surface does that by a verb of the members' room, in the
same transaction. An equal address alone binds nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.errors import Conflict, SignInFirst
from community.people import queries
from community.people.actions import persons, roles, tokens
from community.people.forms import PersonForm, Profile
from community.people.models import INVITATION
from community.people.queries import InvitationRow
from community.people.rules import InvitationState, Place, Purpose, actor_of, person_of


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who accepted, and of which programme and member, if any."""

    person_id: UUID
    programme_id: int | None
    member_id: int | None


async def opened(connection: AsyncConnection, secret: str) -> InvitationRow:
    """The invitation of a token, which stays good. Raises LinkOver."""
    token = await queries.token(connection, tokens.digest_of(secret), Purpose.INVITATION)
    return await _invitation(connection, token.invitation_id if token else None)


async def accept_as(connection: AsyncConnection, secret: str, person_id: UUID) -> Accepted:
    """A person who is signed in accepts. Raises LinkOver; Conflict where the address is that of another account."""
    invitation = await _redeemed(connection, secret)
    owner = await queries.credentials(connection, invitation.email)
    if owner is not None and owner[0] != person_id:
        raise Conflict("this invitation went to the address of another account: sign in with that one")
    return await _settle(connection, invitation, person_id)


async def accept_anew(connection: AsyncConnection, secret: str, profile: Profile, password: str | None) -> Accepted:
    """A new person accepts; whoever opened the link reads the mails of its address, so the address is theirs.

    Raises LinkOver; SignInFirst where the address has an account.
    """
    invitation = await _redeemed(connection, secret)
    if await queries.credentials(connection, invitation.email) is not None:
        raise SignInFirst("this address has an account: sign in, then accept")
    form = PersonForm(invitation.email, invitation.folded, profile.name, profile.locale)
    person_id = await persons.create(connection, form, password)
    await persons.set_profile(connection, person_id, profile)
    return await _settle(connection, invitation, person_id)


async def _redeemed(connection: AsyncConnection, secret: str) -> InvitationRow:
    token = await tokens.redeem(connection, secret, Purpose.INVITATION)
    return await _invitation(connection, token.invitation_id)


async def _invitation(connection: AsyncConnection, invitation_id: UUID | None) -> InvitationRow:
    """The open invitation. One to a role is good as long as whoever sent it holds a role, too."""
    found = None if invitation_id is None else await queries.invitation(connection, invitation_id)
    if found is None:
        raise tokens.LinkOver
    sender = person_of(found.invited_by)
    if found.role is not None and sender is not None and not await queries.roles(connection, [sender]):
        raise tokens.LinkOver
    return found


async def _settle(connection: AsyncConnection, invitation: InvitationRow, person_id: UUID) -> Accepted:
    """The invitation is accepted and forgets the address; the role is held; the tokens are void."""
    values = {
        "state": InvitationState.ACCEPTED.value,
        "person_id": person_id,
        "email": None,
        "folded": None,
        "name": "",
    }
    await connection.execute(update(INVITATION).where(INVITATION.c.id == invitation.id).values(values))
    await tokens.void(connection, invitation_ids=[invitation.id])
    place = Place(invitation.unit_id, invitation.programme_id)
    if invitation.role is not None:
        until = invitation.role_until
        await roles.hold(connection, person_id, invitation.role, place, invitation.invited_by, until=until)
    line = Line("invitation.accepted", invitation.member_id, str(invitation.id), {"person": str(person_id)})
    await write(connection, invitation.programme_id, actor_of(person_id), [line])
    return Accepted(person_id, invitation.programme_id, invitation.member_id)
