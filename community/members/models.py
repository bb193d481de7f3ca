"""Members, their leaves, the marks of those who were touched; what members say of themselves; who asks to join."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from community.history.models import Json
from community.kit.db import Big, Instant, Ordered, table
from community.members.rules import FIELDS, ApplicationState, Audience


class Status(StrEnum):
    """Rulebook, section 6, Status."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    ALUMNI = "alumni"
    LEFT = "left"
    REMOVED = "removed"


EVALUATED = (Status.ACTIVE.value, Status.ON_LEAVE.value)
"""The statuses in which a member is evaluated."""


class Reader(StrEnum):
    """Who must look again at a member who was touched; each takes away its own marks."""

    STANDINGS = "standings"
    BOARDS = "boards"


class Member(SQLModel, table=True):
    """A person's membership of one programme. `folded` is the handle by which members are told apart.

    `person_id` is the person who accepted to be this member, if one did; `email` is what the programme knows.
    `came_back`: the status makes the member evaluated again; the next evaluation takes an at-risk mark afresh.
    """

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("programme_id", "id", name="uq_member_programme_id_id"),
        UniqueConstraint("programme_id", "folded", name="uq_member_programme_id_folded"),
        CheckConstraint(f"status IN ({', '.join(repr(str(s)) for s in Status)})", name="status"),
        CheckConstraint("status <> 'on_leave' OR return_on IS NOT NULL", name="return_on"),
    )

    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), nullable=False))
    handle: str
    folded: str = Field(sa_column=Column(Ordered, nullable=False))
    name: str
    person_id: UUID | None = Field(default=None, sa_column=Column(Uuid, ForeignKey("person.id"), nullable=True))
    email: str | None = None
    country: str | None = None
    joined_on: date
    status: str = Status.ACTIVE.value
    return_on: date | None = None
    left_on: date | None = None
    came_back: bool = False
    on_boards: bool = True
    attributes: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Leave(SQLModel, table=True):
    """One leave of a member: from its first day to the day of return, that day not included."""

    __tablename__ = "leave"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_leave_programme_id_member"
        ),
        CheckConstraint("return_on >= first_on", name="days"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    first_on: date = Field(primary_key=True)
    return_on: date


class StatusChange(SQLModel, table=True):
    """The n-th change of a member's status, from what to what. Append-only.

    The status at an instant is that before the first change after it, else the present one; so whoever is created
    needs no row. `came_back` is the member's mark as it was before the change.
    """

    __tablename__ = "status_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_status_change_programme_id_member",
        ),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    from_status: str
    from_return_on: date | None = None
    to_status: str
    to_return_on: date | None = None
    came_back: bool = False


class Touched(SQLModel, table=True):
    """A member whom a reader must look at again; written in the transaction of whatever touched them."""

    __tablename__ = "touched"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_touched_programme_id_member"
        ),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    reader: str = Field(primary_key=True)
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))


def _of_member(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["programme_id", "member_id"], ["member.programme_id", "member.id"], name=f"fk_{name}_programme_id_member"
    )


def _audience(field: str) -> CheckConstraint:
    return CheckConstraint(f"{field}_to IN ({', '.join(repr(str(one)) for one in Audience)})", name=f"{field}_to")


class MemberProfile(SQLModel, table=True):
    """What a member says of themselves, and to whom. No row is nothing said, and all that is known said to members.

    `listed_to` is who finds the member at all: name, handle, tier, the year of joining.
    """

    __tablename__ = "profile"
    __table_args__ = (_of_member("profile"), *map(_audience, FIELDS))

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    biography: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    languages: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    links: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    listed_to: str = Audience.MEMBERS.value
    picture_to: str = Audience.MEMBERS.value
    biography_to: str = Audience.MEMBERS.value
    country_to: str = Audience.MEMBERS.value
    languages_to: str = Audience.MEMBERS.value
    links_to: str = Audience.MEMBERS.value
    expertise_to: str = Audience.MEMBERS.value


class Expertise(SQLModel, table=True):
    """One thing that a member knows well: `folded` is found, `label` is shown, in the order of `place`."""

    __tablename__ = "expertise"
    __table_args__ = (_of_member("expertise"), Index("ix_expertise_member", "programme_id", "member_id"))

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    folded: str = Field(sa_column=Column(Ordered, primary_key=True))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    label: str
    place: int


class Picture(SQLModel, table=True):
    """A member's picture as WebP, made anew from what came in.

    It lies in the database: some ten kilobytes that every web process serves, a backup takes along, and erasure deletes
    in its transaction.
    """

    __tablename__ = "picture"
    __table_args__ = (_of_member("picture"),)

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    digest: str
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Application(SQLModel, table=True):
    """Somebody who asks to take part in a programme that is open. Once decided it forgets who it was."""

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(str(one)) for one in ApplicationState)})", name="state"),
        Index("ix_application_programme_id_state_id", "programme_id", "state", "id"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), nullable=False))
    email: str | None = None
    folded: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    name: str
    locale: str | None = None
    words: str = Field(sa_column=Column(Text, nullable=False))
    state: str = ApplicationState.OPEN.value
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    decided_by: str | None = None


MEMBER = table(Member)
LEAVE = table(Leave)
STATUS_CHANGE = table(StatusChange)
TOUCHED = table(Touched)
PROFILE = table(MemberProfile)
EXPERTISE = table(Expertise)
PICTURE = table(Picture)
APPLICATION = table(Application)
Index(
    "uq_application_open",
    APPLICATION.c.programme_id,
    APPLICATION.c.folded,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)
Index("ix_member_programme_id_country", MEMBER.c.programme_id, MEMBER.c.country)
Index(
    "uq_member_person_id_programme_id",
    MEMBER.c.person_id,
    MEMBER.c.programme_id,
    unique=True,
    sqlite_where=text("person_id IS NOT NULL"),
    postgresql_where=text("person_id IS NOT NULL"),
)
