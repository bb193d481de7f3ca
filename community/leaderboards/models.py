"""A board's value per member, and how many members have each value: derived, and rebuilt from entries. Snapshots: kept.

A snapshot holds no personal value but the country, which can be emptied (erasure) and nothing else: handles and names
are joined when it is shown. Its digest covers all but the country, and so can be verified for good.
"""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from community.kit.db import Big, Instant, Ordered, table


class BoardState(SQLModel, table=True):
    """For which day, version and first day of the window the kept values of a board hold."""

    __tablename__ = "board_state"

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    board: str = Field(sa_column=Column(Ordered, primary_key=True))
    day: date
    version: int


class BoardValue(SQLModel, table=True):
    """The value of a member who stands on a board. Recomputed from entries, never incremented."""

    __tablename__ = "board_value"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_board_value_programme_id_member",
        ),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    board: str = Field(sa_column=Column(Ordered, primary_key=True))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    value: int = Field(sa_column=Column(Big, nullable=False))
    contributions: int = Field(sa_column=Column(Big, nullable=False))
    folded: str = Field(sa_column=Column(Ordered, nullable=False))


class BoardTally(SQLModel, table=True):
    """How many members on a board have exactly this value: ranks are sums over it."""

    __tablename__ = "board_tally"

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    board: str = Field(sa_column=Column(Ordered, primary_key=True))
    value: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    members: int = Field(sa_column=Column(Big, nullable=False))


class Snapshot(SQLModel, table=True):
    """A board frozen for good, as of the last day of a period. Append-only.

    The snapshots of a programme are numbered in the order in which they were taken. `version` and `position` say by
    which book it was reckoned and what of the ledger it saw. `ledger_digest` covers the entries up to there: those
    since the snapshot before, and that one's digest. `digest` covers the places (`queries.snapshots.digest_of`).
    """

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("programme_id", "board", "first_on", "last_on", name="uq_snapshot_period"),)

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    board: str = Field(sa_column=Column(Ordered, nullable=False))
    first_on: date
    last_on: date
    version: int
    position: int = Field(sa_column=Column(Big, nullable=False))
    ledger_digest: str
    rows: int = Field(sa_column=Column(Big, nullable=False))
    digest: str
    taken_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class SnapshotPlace(SQLModel, table=True):
    """A place of a snapshot, the n-th in line. Append-only, but that a country can be emptied.

    It has no foreign keys: whoever has a place has entries, which hold the member; its snapshot is written after it,
    with the digest; and checking a million keys would take longer than all the rest.
    """

    __tablename__ = "snapshot_row"

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    snapshot: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, nullable=False))
    rank: int = Field(sa_column=Column(Big, nullable=False))
    value: int = Field(sa_column=Column(Big, nullable=False))
    contributions: int = Field(sa_column=Column(Big, nullable=False))
    tier: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    country: str | None = None


BOARD_STATE = table(BoardState)
BOARD_VALUE = table(BoardValue)
BOARD_TALLY = table(BoardTally)
SNAPSHOT = table(Snapshot)
SNAPSHOT_PLACE = table(SnapshotPlace)
Index(
    "ix_board_value_order",
    BOARD_VALUE.c.programme_id,
    BOARD_VALUE.c.board,
    BOARD_VALUE.c.value.desc(),
    BOARD_VALUE.c.folded,
    postgresql_where=text("value > 0"),
    sqlite_where=text("value > 0"),
)
Index(
    "ix_snapshot_row_member",
    SNAPSHOT_PLACE.c.programme_id,
    SNAPSHOT_PLACE.c.member_id,
    SNAPSHOT_PLACE.c.snapshot,
)
