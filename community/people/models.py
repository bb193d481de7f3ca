"""Persons, their sessions and roles, the tokens and invitations that are open, and personal values before a change."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlmodel import Field, SQLModel

from community.kit.db import Big, Instant, Ordered, table
from community.people.rules import InvitationState, Purpose, Role, State


def _one_of(kind: type[StrEnum]) -> str:
    return ", ".join(repr(str(one)) for one in kind)


class Person(SQLModel, table=True):
    """Someone with an account, one per human. `folded` is the address by which persons are told apart.

    Without a password one signs in by a link sent by mail. An erased person has neither address nor name.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint(f"state IN ({_one_of(State)})", name="state"),)

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    email: str | None = None
    folded: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True, unique=True))
    name: str
    locale: str | None = None
    timezone: str | None = None
    password: str | None = None
    state: str = State.ACTIVE.value
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Session(SQLModel, table=True):
    """A person signed in at one browser, known by the digest of its secret. `agent` is what the browser calls itself.

    `confirmed_at`: when the person last said who they are, by password or link.
    """

    __tablename__ = "session"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    digest: str = Field(sa_column=Column(Ordered, nullable=False, unique=True))
    person_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person.id"), nullable=False, index=True))
    agent: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    seen_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    confirmed_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class HeldRole(SQLModel, table=True):
    """A role that a person holds on a unit or on a programme, up to and including the day `until` (in UTC)."""

    __tablename__ = "role"
    __table_args__ = (
        UniqueConstraint("person_id", "unit_id", "role"),
        UniqueConstraint("person_id", "programme_id", "role"),
        CheckConstraint(f"role IN ({_one_of(Role)})", name="role"),
        CheckConstraint("(unit_id IS NULL) <> (programme_id IS NULL)", name="place"),
        CheckConstraint("role <> 'lead' OR unit_id IS NOT NULL", name="lead"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    person_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person.id"), nullable=False))
    role: str = Field(sa_column=Column(Ordered, nullable=False))
    unit_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("unit.id"), nullable=True))
    programme_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("programme.id"), nullable=True))
    until: date | None = None
    granted_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    granted_by: str


class Invitation(SQLModel, table=True):
    """An address that was asked to come: to be a person, and with that a member, or to hold a role, or both."""

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_invitation_programme_id_member",
        ),
        CheckConstraint(f"state IN ({_one_of(InvitationState)})", name="state"),
        CheckConstraint(f"role IN ({_one_of(Role)})", name="role"),
        CheckConstraint("member_id IS NULL OR programme_id IS NOT NULL", name="member"),
        CheckConstraint("unit_id IS NULL OR programme_id IS NULL", name="place"),
        CheckConstraint("role IS NULL OR unit_id IS NOT NULL OR programme_id IS NOT NULL", name="role_place"),
        CheckConstraint("role <> 'lead' OR unit_id IS NOT NULL", name="lead"),
        Index("ix_invitation_programme_id_member_id", "programme_id", "member_id"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    email: str | None = None
    folded: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True, index=True))
    name: str
    locale: str | None = None
    programme_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("programme.id"), nullable=True))
    member_id: int | None = Field(default=None, sa_column=Column(Big, nullable=True))
    unit_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("unit.id"), nullable=True))
    role: str | None = None
    role_until: date | None = None
    state: str = InvitationState.OPEN.value
    person_id: UUID | None = Field(default=None, sa_column=Column(Uuid, ForeignKey("person.id"), nullable=True))
    invited_by: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ends_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Token(SQLModel, table=True):
    """A secret that was handed out, known by its digest and deleted when used. `email`: the address to verify."""

    __tablename__ = "token"
    __table_args__ = (
        CheckConstraint(f"purpose IN ({_one_of(Purpose)})", name="purpose"),
        CheckConstraint("(purpose = 'invitation') = (invitation_id IS NOT NULL)", name="invitation"),
        CheckConstraint("(purpose IN ('set_up', 'invitation')) = (person_id IS NULL)", name="person"),
    )

    digest: str = Field(sa_column=Column(Ordered, primary_key=True))
    purpose: str
    person_id: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("person.id"), nullable=True, index=True)
    )
    invitation_id: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("invitation.id"), nullable=True, index=True)
    )
    email: str | None = None
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ends_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class PersonalChange(SQLModel, table=True):
    """What a personal value was before and after a change of which history holds the id only. Erasure empties it."""

    __tablename__ = "personal_change"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    field: str = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person.id"), nullable=False, index=True))
    before: str | None = None
    after: str | None = None


PERSON = table(Person)
SESSION = table(Session)
HELD_ROLE = table(HeldRole)
INVITATION = table(Invitation)
TOKEN = table(Token)
PERSONAL_CHANGE = table(PersonalChange)
Index("ix_role_programme_id", HELD_ROLE.c.programme_id)
Index("ix_role_unit_id", HELD_ROLE.c.unit_id)
Index(
    "uq_invitation_open",
    INVITATION.c.programme_id,
    INVITATION.c.member_id,
    unique=True,
    sqlite_where=text("state = 'open' AND member_id IS NOT NULL"),
    postgresql_where=text("state = 'open' AND member_id IS NOT NULL"),
)
