"""Contributions, the revisions of their content, drafts, and the order in which they came in."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from community.history.models import Json
from community.kit.db import Big, Instant, Ordered, table


class State(StrEnum):
    """Where a contribution is on its way."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVERSED = "reversed"


class Contribution(SQLModel, table=True):
    """One thing that a member did.

    (programme, `source`, `external_id`) is unique. `arrival` is its place in line within a day. `price` is what its
    rule gives before caps, by version `priced_by`; an `override` stands in place of it. `award_number` is the entry of
    the award in force, `awards` how many there were so far.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        UniqueConstraint("programme_id", "id", name="uq_contribution_programme_id_id"),
        UniqueConstraint("programme_id", "source", "external_id", name="uq_contribution_programme_id_source"),
        ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_contribution_programme_id_member",
        ),
        CheckConstraint(f"state IN ({', '.join(repr(str(s)) for s in State)})", name="state"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    programme_id: int = Field(sa_column=Column(Big, nullable=False))
    member_id: int = Field(sa_column=Column(Big, nullable=False))
    source: str = Field(sa_column=Column(Ordered, nullable=False))
    external_id: str = Field(sa_column=Column(Ordered, nullable=False))
    arrival: int = Field(sa_column=Column(Big, nullable=False))
    type: str = Field(sa_column=Column(Ordered, nullable=False))
    title: str
    url: str | None = None
    occurred_on: date
    language: str | None = None
    description: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    state: str = Field(sa_column=Column(Ordered, nullable=False))
    submitted_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    decided_by: str | None = None
    note: str | None = None
    price: int | None = None
    priced_by: int | None = None
    override: int | None = None
    past_caps: bool = False
    override_note: str | None = None
    awards: int = 0
    award_number: int | None = Field(default=None, sa_column=Column(Big, nullable=True))


class Revision(SQLModel, table=True):
    """The content of a contribution after one edit; `proposed` ones are an author's and wait for review.

    `taken_at` is when an edit began to count. The first revision is what stood before the first edit.
    """

    __tablename__ = "revision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "contribution_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_revision_programme_id_contribution",
        ),
        CheckConstraint("state IN ('proposed', 'taken', 'refused', 'replaced')", name="state"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    contribution_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(primary_key=True, sa_type=Big)
    content: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    state: str
    taken_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    by: str


class Draft(SQLModel, table=True):
    """What a member began to report and keeps for later: `fields` as they were typed, checked by nobody yet."""

    __tablename__ = "draft"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_draft_programme_id_member"
        ),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    key: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    saved_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class PartState(StrEnum):
    """What became of a part that somebody is said to have had."""

    OFFERED = "offered"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class Part(SQLModel, table=True):
    """A member's part in what another one reported, as that one says.

    Confirmed, it is a contribution of its own (`made_id`) under the same work, which is known by the first one's id.
    """

    __tablename__ = "part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "contribution_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_part_programme_id_contribution",
        ),
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_part_programme_id_member"
        ),
        ForeignKeyConstraint(
            ["programme_id", "made_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_part_programme_id_made",
        ),
        CheckConstraint(f"state IN ({', '.join(repr(str(s)) for s in PartState)})", name="state"),
        CheckConstraint("(state = 'confirmed') = (made_id IS NOT NULL)", name="made"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    contribution_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    state: str = Field(sa_column=Column(Ordered, nullable=False))
    made_id: UUID | None = Field(default=None, sa_column=Column(Uuid, nullable=True))
    offered_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    answered_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


class ArrivalHead(SQLModel, table=True):
    """The arrival number of a programme's last contribution."""

    __tablename__ = "arrival_head"

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    number: int = Field(default=0, sa_column=Column(Big, nullable=False))


CONTRIBUTION = table(Contribution)
REVISION = table(Revision)
DRAFT = table(Draft)
PART = table(Part)
ARRIVAL_HEAD = table(ArrivalHead)
Index("ix_contribution_member", CONTRIBUTION.c.programme_id, CONTRIBUTION.c.member_id, CONTRIBUTION.c.occurred_on)
Index(
    "ix_contribution_waiting",
    CONTRIBUTION.c.programme_id,
    CONTRIBUTION.c.submitted_at,
    postgresql_where=CONTRIBUTION.c.state == "submitted",
    sqlite_where=CONTRIBUTION.c.state == "submitted",
)
Index("ix_contribution_url", CONTRIBUTION.c.url, postgresql_using="hash")
"""Who reported a link before. Links may be longer than what a tree of PostgreSQL takes."""
Index("ix_part_contribution", PART.c.programme_id, PART.c.contribution_id)
Index("ix_part_made", PART.c.programme_id, PART.c.made_id)
