"""Invitations: sent and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.clock import now, today
from community.kit.errors import NotFound, UsageError
from community.kit.ids import new_id
from community.kit.mail.actions import NewMail, queue
from community.people.actions import tokens
from community.people.forms import PersonForm
from community.people.models import INVITATION, TOKEN
from community.people.rules import LIVES, NOWHERE, InvitationState, Place, Purpose, Role, actor_of, misplaced

KEPT = timedelta(days=30)
"""How long an invitation that came to nothing is kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is invited to be: a member of a programme, or to hold a role on a place, or only a person.

    `title` is the name of the place, for the mail.
    """

    place: Place = NOWHERE
    member_id: int | None = None
    role: Role | None = None
    until: date | None = None
    title: str = ""


async def invite(connection: AsyncConnection, form: PersonForm, asked: Asked, actor: str) -> UUID:
    """Invites an address, by mail; an earlier invitation to the same is withdrawn. Raises UsageError."""
    if asked.role is not None and misplaced(asked.role, asked.place):
        raise UsageError("accepted: lead, manager or reviewer of a unit; manager or reviewer of a programme")
    if asked.until is not None and (asked.role is None or asked.until < today("UTC")):
        raise UsageError(f"{asked.until}: accepted: with a role, today or a later day")
    if asked.member_id is not None and asked.place.programme_id is None:
        raise UsageError("a member is one of a programme")
    same_member = INVITATION.c.member_id == asked.member_id if asked.member_id is not None else None
    same = INVITATION.c.folded == form.folded
    await _withdraw(connection, actor, or_(same, same_member) if same_member is not None else same, place=asked.place)
    invitation_id, at = new_id(), now()
    await connection.execute(
        insert(INVITATION).values(
            id=invitation_id,
            email=form.email,
            folded=form.folded,
            name=form.name,
            locale=form.locale,
            member_id=asked.member_id,
            role=asked.role.value if asked.role else None,
            role_until=asked.until,
            state=InvitationState.OPEN.value,
            invited_by=actor,
            created_at=at,
            ends_at=at + LIVES[Purpose.INVITATION],
            **asked.place._asdict(),
        )
    )
    key = f"invitation:{invitation_id}"
    mail = NewMail("invitation", cause=key, recipient=key, data={"title": asked.title}, lives=LIVES[Purpose.INVITATION])
    await queue(connection, [mail])
    data = {"role": asked.role.value if asked.role else None, "unit": asked.place.unit_id}
    line = Line("invitation.sent", asked.member_id, str(invitation_id), data)
    await write(connection, asked.place.programme_id, actor, [line])
    return invitation_id


async def withdraw(connection: AsyncConnection, invitation_id: UUID, place: Place, actor: str) -> None:
    """Withdraws an open invitation to a place. Raises NotFound."""
    if not await _withdraw(connection, actor, INVITATION.c.id == invitation_id, place=place):
        raise NotFound(f"no open invitation {invitation_id}")


async def withdraw_of(connection: AsyncConnection, person_id: UUID, folded: str | None, actor: str) -> None:
    """Withdraws the open invitations to a person's address, and those that the person sent."""
    sent = INVITATION.c.invited_by == actor_of(person_id)
    await _withdraw(connection, actor, sent if folded is None else or_(sent, INVITATION.c.folded == folded))


async def withdraw_by(connection: AsyncConnection, person_id: UUID, actor: str) -> None:
    """Withdraws the open invitations by which a person gave roles to others."""
    sent = INVITATION.c.invited_by == actor_of(person_id)
    await _withdraw(connection, actor, sent & INVITATION.c.role.is_not(None))


async def withdraw_of_members(
    connection: AsyncConnection, programme_id: int, member_ids: Sequence[int], actor: str
) -> None:
    """Withdraws the open invitations to be one of these members."""
    if member_ids:
        which = (INVITATION.c.programme_id == programme_id) & INVITATION.c.member_id.in_(member_ids)
        await _withdraw(connection, actor, which)


async def clean_up(connection: AsyncConnection) -> int:
    """Deletes invitations that nobody accepted, some time after they were over; answers how many."""
    before = now() - KEPT
    mine = (INVITATION.c.state != InvitationState.ACCEPTED.value, INVITATION.c.ends_at <= before)
    gone = select(INVITATION.c.id).where(*mine)
    await connection.execute(delete(TOKEN).where(TOKEN.c.invitation_id.in_(gone)))
    return (await connection.execute(delete(INVITATION).where(*mine))).rowcount


async def _withdraw(
    connection: AsyncConnection, actor: str, which: ColumnElement[bool], *, place: Place | None = None
) -> int:
    changed = update(INVITATION).where(INVITATION.c.state == InvitationState.OPEN.value, which)
    if place is not None:
        changed = changed.where(
            INVITATION.c.unit_id.is_not_distinct_from(place.unit_id),
            INVITATION.c.programme_id.is_not_distinct_from(place.programme_id),
        )
    gone = changed.values(state=InvitationState.WITHDRAWN.value).returning(
        INVITATION.c.id, INVITATION.c.programme_id, INVITATION.c.member_id
    )
    rows = (await connection.execute(gone)).all()
    await tokens.void(connection, invitation_ids=[row.id for row in rows])
    for programme_id in sorted({row.programme_id for row in rows}, key=lambda one: one or 0):
        mine = [row for row in rows if row.programme_id == programme_id]
        lines = [Line("invitation.withdrawn", row.member_id, str(row.id)) for row in mine]
        await write(connection, programme_id, actor, lines)
    return len(rows)
