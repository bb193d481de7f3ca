"""The history table: ids, codes and numbers only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from community.kit.db import Big, Instant, table
from community.kit.db import Json as Json  # rooms below take it from here
from community.kit.db import JsonOrNull as JsonOrNull


class Record(SQLModel, table=True):
    """One line of history: who (`actor`) did what (`verb`), when, to what (`subject`, and the member if there is one).

    `quiet` marks what tells nobody: the first run of a programme, and what was run so on purpose.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_programme_id_member_id_id", "programme_id", "member_id", "id"),
        Index("ix_record_programme_id_verb_id", "programme_id", "verb", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    programme_id: int | None = Field(sa_column=Column(Big, ForeignKey("programme.id"), nullable=True))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    actor: str
    verb: str
    member_id: int | None = Field(default=None, sa_column=Column(Big, nullable=True))
    subject: str | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    quiet: bool = False


RECORD = table(Record)
