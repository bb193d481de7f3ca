"""The ledger: one narrow table that only grows, and the number of its last entry."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from community.kit.db import Big, Instant, Ordered, table


class Kind(StrEnum):
    """What an entry is."""

    AWARD = "award"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"


class Entry(SQLModel, table=True):
    """A line of the ledger. Database triggers refuse UPDATE and DELETE.

    `number` counts a programme's entries in the order of their commits. `effective_on` is the day on which it counts.
    `type` is a contribution type's key, or null for an adjustment. `points`, `balance`, `contributions` (+1, 0, −1) and
    `reach` are deltas. `cause` is unique in the programme, so nothing is posted twice; `reverses` is the number of the
    entry that this one takes back, each at most once. `version` is that of the book which priced it.
    """

    __tablename__ = "entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_entry_programme_id_member"
        ),
        UniqueConstraint("programme_id", "cause", name="uq_entry_programme_id_cause"),
        Index(
            "uq_entry_programme_id_reverses",
            "programme_id",
            "reverses",
            unique=True,
            postgresql_where=text("reverses IS NOT NULL"),
            sqlite_where=text("reverses IS NOT NULL"),
        ),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint("contributions IN (-1, 0, 1)", name="contributions"),
        CheckConstraint(f"kind IN ({', '.join(repr(str(k)) for k in Kind)})", name="kind"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, nullable=False))
    kind: str = Field(sa_column=Column(Ordered, nullable=False))
    effective_on: date
    type: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    points: int
    balance: int
    contributions: int
    reach: int = Field(default=0, sa_column=Column(Big, nullable=False))
    cause: str = Field(sa_column=Column(Ordered, nullable=False))
    reverses: int | None = Field(default=None, sa_column=Column(Big, nullable=True))
    version: int
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class LedgerHead(SQLModel, table=True):
    """The number of a programme's last entry. Locked last, for the moment between numbering and commit."""

    __tablename__ = "ledger_head"

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    number: int = Field(default=0, sa_column=Column(Big, nullable=False))


ENTRY = table(Entry)
LEDGER_HEAD = table(LedgerHead)

COVERED = ("points", "contributions", "reach", "type", "number")
"""What the engine reads of an entry besides member and day: in the index, so that it never visits the table."""

Index(
    "ix_entry_covering",
    ENTRY.c.programme_id,
    ENTRY.c.member_id,
    ENTRY.c.effective_on,
    *(ENTRY.c[name] for name in COVERED),
)
