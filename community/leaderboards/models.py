"""A board's value per member, and how many members have each value: derived, and rebuilt from entries."""

from datetime import date

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from community.kit.db import Big, Ordered, table


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


BOARD_STATE = table(BoardState)
BOARD_VALUE = table(BoardValue)
BOARD_TALLY = table(BoardTally)
Index(
    "ix_board_value_order",
    BOARD_VALUE.c.programme_id,
    BOARD_VALUE.c.board,
    BOARD_VALUE.c.value.desc(),
    BOARD_VALUE.c.folded,
    postgresql_where=text("value > 0"),
    sqlite_where=text("value > 0"),
)
