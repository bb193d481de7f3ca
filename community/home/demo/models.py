"""The mark of a demonstration, and its cast."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column
from sqlmodel import Field, SQLModel

from community.kit.db import Instant, Json, table


class Marked(SQLModel, table=True):
    """The one row that says: this database is a demonstration. Only `mark` writes it, into a database that is empty.

    `players` are the persons whom anybody may be, by what they are there.
    """

    __tablename__ = "demonstration"
    __table_args__ = (CheckConstraint("number = 1", name="number"),)

    number: int = Field(default=1, primary_key=True)
    made_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    players: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))


MARKED = table(Marked)
