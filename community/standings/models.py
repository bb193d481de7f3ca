"""Standings, how they changed, decisions, and the runs that took them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from community.history.models import Json, JsonOrNull
from community.kit.db import Big, Instant, Ordered, table


def _of_member(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["programme_id", "member_id"], ["member.programme_id", "member.id"], name=f"fk_{name}_programme_id_member"
    )


class Standing(SQLModel, table=True):
    """Where a member stands: the present state. No row is level 0 with nothing to say.

    `reckoned_by` is the version by which `lost_on` was reckoned last. `declined` lists declined proposals as
    `[kind, tier, version]`. `changes` numbers the rows of `standing_change`, `decisions` those of `decision`.
    """

    __tablename__ = "standing"
    __table_args__ = (
        _of_member("standing"),
        CheckConstraint("(proposal_kind IS NULL) = (proposed_on IS NULL)", name="proposal"),
        CheckConstraint("(at_risk_since IS NULL) = (lost_on IS NULL)", name="at_risk"),
        CheckConstraint("(tier IS NULL) = (since IS NULL)", name="since"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    tier: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    since: date | None = None
    at_risk_since: date | None = None
    lost_on: date | None = None
    reckoned_by: int | None = None
    proposal_kind: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    proposal_tier: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    proposed_on: date | None = None
    declined: list[Any] | None = Field(default=None, sa_column=Column(JsonOrNull, nullable=True))
    locked: bool = False
    locked_until: date | None = None
    changes: int = 0
    decisions: int = 0


class StandingChange(SQLModel, table=True):
    """A standing as it was left by one change on `day`: what the past is read from. Append-only.

    `at` is the instant up to which the change knew: when it was recorded, or for a day made up that day's last one. The
    lock is as known then.
    """

    __tablename__ = "standing_change"
    __table_args__ = (_of_member("standing_change"),)

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    day: date
    tier: str | None = None
    since: date | None = None
    at_risk_since: date | None = None
    lost_on: date | None = None
    reckoned_by: int | None = None
    proposal_kind: str | None = None
    proposal_tier: str | None = None
    proposed_on: date | None = None
    declined: list[Any] | None = Field(default=None, sa_column=Column(JsonOrNull, nullable=True))
    locked: bool = False
    locked_until: date | None = None
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Decision(SQLModel, table=True):
    """A step up or down, never changed: the n-th of a member, from and to (tier keys, null for none), its day, the
    ledger position that it saw, the version of the book, the reasons, and who or what decided."""

    __tablename__ = "decision"
    __table_args__ = (
        _of_member("decision"),
        CheckConstraint("coalesce(from_tier, '') <> coalesce(to_tier, '')", name="step"),
        Index("ix_decision_programme_id_day", "programme_id", "day"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    from_tier: str | None = None
    to_tier: str | None = None
    day: date
    position: int = Field(sa_column=Column(Big, nullable=False))
    version: int
    reasons: list[Any] = Field(sa_column=Column(Json, nullable=False))
    decided_by: str
    note: str | None = None
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class Run(SQLModel, table=True):
    """A run over everybody for one day of the programme, by `version`. Unfinished ones are taken up again.

    A day made up keeps the instant up to which what was recorded counts (`known_at`) and the ledger position then.
    """

    __tablename__ = "run"

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    version: int
    quiet: bool = False
    known_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    position: int | None = Field(default=None, sa_column=Column(Big, nullable=True))
    started_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


STANDING = table(Standing)
STANDING_CHANGE = table(StandingChange)
DECISION = table(Decision)
RUN = table(Run)
Index("ix_standing_programme_id_tier", STANDING.c.programme_id, STANDING.c.tier)
