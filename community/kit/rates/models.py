"""What was asked for of late, where the database counts it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from community.kit.db import Instant, Json, Ordered, table


class Asked(SQLModel, table=True):
    """The instants (seconds since 1970, newest first) at which one key was asked for; of no use after `ends_at`."""

    __tablename__ = "asked"

    key: str = Field(sa_column=Column(Ordered, primary_key=True))
    hits: list[Any] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    ends_at: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))


ASKED = table(Asked)
