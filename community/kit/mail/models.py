"""The mails that are to be sent, and those that were."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, Uuid, text
from sqlmodel import Field, SQLModel

from community.kit.db import Instant, Json, Ordered, table


class MailState(StrEnum):
    """What became of a mail. `dropped`: when it came to writing it there was nobody to send it to, or no reason."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class Mail(SQLModel, table=True):
    """One mail to one recipient for one cause; both are keys, and no cause tells a recipient twice.

    It holds no text: `kind` says who writes it, from `data` (ids and codes), at the moment at which it is sent. So no
    secret lies here, and nobody is told what is no longer so. `address` is kept only where it is all that is known of
    the recipient, and only until the mail was sent.
    """

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("cause", "recipient"),
        CheckConstraint(f"state IN ({', '.join(repr(str(s)) for s in MailState)})", name="state"),
        Index(
            "ix_mail_waiting",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    kind: str
    cause: str = Field(sa_column=Column(Ordered, nullable=False))
    recipient: str = Field(sa_column=Column(Ordered, nullable=False))
    address: str | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    state: str = MailState.WAITING.value
    tries: int = 0
    due_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ends_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


MAIL = table(Mail)
