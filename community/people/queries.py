"""Reading persons, sessions, roles, invitations and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.bulk import among
from community.kit.clock import now, today
from community.kit.errors import NotFound
from community.people.models import HELD_ROLE, INVITATION, PERSON, SESSION, TOKEN
from community.people.rules import InvitationState, Purpose, Role, State, account_of, good


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person; `password` tells whether there is one."""

    id: UUID
    email: str | None
    name: str
    locale: str | None
    timezone: str | None
    state: str
    created_at: datetime
    password: bool

    @property
    def active(self) -> bool:
        """Whether they may sign in."""
        return self.state == State.ACTIVE


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it."""

    id: UUID
    agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role that a person holds on a unit or a programme, up to and including `until`."""

    id: UUID
    person_id: UUID
    role: Role
    unit_id: int | None
    programme_id: int | None
    until: date | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as whoever holds its token sees it."""

    id: UUID
    email: str
    folded: str
    name: str
    locale: str | None
    programme_id: int | None
    member_id: int | None
    unit_id: int | None
    role: Role | None
    role_until: date | None
    invited_by: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What a token stands for."""

    purpose: Purpose
    person_id: UUID | None
    invitation_id: UUID | None
    email: str | None
    created_at: datetime
    ends_at: datetime


_PERSON = (*(PERSON.c[name] for name in PersonRow.__slots__[:-1]), PERSON.c.password.is_not(None))
_TOKEN = tuple(TOKEN.c[name] for name in TokenRow.__slots__)


async def person(connection: AsyncConnection, person_id: UUID) -> PersonRow:
    """A person. Raises NotFound."""
    found = (await connection.execute(select(*_PERSON).where(PERSON.c.id == person_id))).one_or_none()
    if found is None:
        raise NotFound(f"there is no person {person_id}")
    return PersonRow(*found)


async def by_email(connection: AsyncConnection, email: str) -> PersonRow:
    """The person of an address, folded. Raises NotFound."""
    found = (await connection.execute(select(*_PERSON).where(PERSON.c.folded == account_of(email)))).one_or_none()
    if found is None:
        raise NotFound(f"nobody has the address {email!r}")
    return PersonRow(*found)


async def persons(connection: AsyncConnection) -> list[PersonRow]:
    """Everybody, by address."""
    rows = await connection.execute(select(*_PERSON).order_by(PERSON.c.folded, PERSON.c.id))
    return [PersonRow(*row) for row in rows]


async def names(connection: AsyncConnection, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What persons are called, by id."""
    if not person_ids:
        return {}
    rows = await connection.execute(
        select(PERSON.c.id, PERSON.c.name).where(among(connection, PERSON.c.id, person_ids))
    )
    return {row.id: row.name for row in rows}


async def anybody(connection: AsyncConnection) -> bool:
    """Whether there is any person yet."""
    return bool(await connection.scalar(select(exists().select_from(PERSON))))


async def credentials(connection: AsyncConnection, email: str) -> tuple[UUID, str | None, bool] | None:
    """Id, password hash and whether they may sign in, of the person of an address."""
    asked = select(PERSON.c.id, PERSON.c.password, PERSON.c.state).where(PERSON.c.folded == account_of(email))
    found = (await connection.execute(asked)).one_or_none()
    return None if found is None else (found.id, found.password, found.state == State.ACTIVE)


async def password_of(connection: AsyncConnection, person_id: UUID) -> str | None:
    """The password hash of a person who may sign in."""
    found: str | None = await connection.scalar(
        select(PERSON.c.password).where(PERSON.c.id == person_id, PERSON.c.state == State.ACTIVE.value)
    )
    return found


async def sessions(connection: AsyncConnection, person_id: UUID) -> list[SessionRow]:
    """The sessions of a person, the one used last first."""
    columns = (SESSION.c[name] for name in SessionRow.__slots__)
    rows = await connection.execute(
        select(*columns).where(SESSION.c.person_id == person_id).order_by(SESSION.c.seen_at.desc(), SESSION.c.id)
    )
    return [SessionRow(*row) for row in rows]


async def session_of(connection: AsyncConnection, digest: str) -> tuple[UUID, UUID] | None:
    """Session and person of the digest of a session's secret, whatever its age."""
    found = (
        await connection.execute(select(SESSION.c.id, SESSION.c.person_id).where(SESSION.c.digest == digest))
    ).one_or_none()
    return None if found is None else (found.id, found.person_id)


async def roles(connection: AsyncConnection, person_ids: Sequence[UUID] | None = None) -> list[RoleRow]:
    """The roles held now, of some persons or of everybody."""
    columns = (HELD_ROLE.c[name] for name in RoleRow.__slots__)
    lasting = or_(HELD_ROLE.c.until.is_(None), HELD_ROLE.c.until >= today("UTC"))
    asked = select(*columns).where(lasting).order_by(HELD_ROLE.c.person_id, HELD_ROLE.c.granted_at, HELD_ROLE.c.id)
    if person_ids is not None:
        asked = asked.where(HELD_ROLE.c.person_id.in_(person_ids))
    return [
        RoleRow(row.id, row.person_id, Role(row.role), row.unit_id, row.programme_id, row.until)
        for row in await connection.execute(asked)
    ]


async def token(connection: AsyncConnection, digest: str, purpose: Purpose) -> TokenRow | None:
    """What a token stands for, if it is good now; it stays."""
    asked = select(*_TOKEN).where(TOKEN.c.digest == digest, TOKEN.c.purpose == purpose.value)
    found = (await connection.execute(asked)).one_or_none()
    if found is None or not good(found.created_at, found.ends_at, now()):
        return None
    return TokenRow(Purpose(found.purpose), *found[1:])


async def invitation(connection: AsyncConnection, invitation_id: UUID) -> InvitationRow | None:
    """An invitation that is open and good now."""
    columns = (INVITATION.c[name] for name in InvitationRow.__slots__)
    found = (
        await connection.execute(
            select(*columns, INVITATION.c.created_at).where(
                INVITATION.c.id == invitation_id, INVITATION.c.state == InvitationState.OPEN.value
            )
        )
    ).one_or_none()
    if found is None or not good(found.created_at, found.ends_at, now()):
        return None
    values = found._asdict()
    del values["created_at"]
    return InvitationRow(**values | {"role": Role(found.role) if found.role else None})
