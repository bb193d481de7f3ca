"""Messages: what somebody was told, and whether it was read; and what members want to get by mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from community.history.models import Json
from community.kit.db import Big, Instant, Ordered, table
from community.notices.rules import MailKind, Recipient


class Message(SQLModel, table=True):
    """What a record tells a member, or the managers of the programme together: at most one of each a record.

    `member_id` is whom it is about; where `recipient` is the member, it is theirs. `verb` and `data` are the record's.
    """

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_message_programme_id_member"
        ),
        CheckConstraint(f"recipient IN ({', '.join(repr(str(one)) for one in Recipient)})", name="recipient"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    recipient: str = Field(sa_column=Column(Ordered, primary_key=True))
    record_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, nullable=False))
    verb: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    read_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


class MailChoice(SQLModel, table=True):
    """Whether a member wants mails of a kind (`rules.MailKind`); who chose nothing gets what `rules.WANTED` says."""

    __tablename__ = "mail_choice"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_mail_choice_programme_id_member",
        ),
        CheckConstraint(f"kind IN ({', '.join(repr(str(one)) for one in MailKind)})", name="kind"),
    )

    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    member_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Ordered, primary_key=True))
    wanted: bool
    chosen_at: datetime = Field(sa_column=Column(Instant, nullable=False))


MESSAGE = table(Message)
MAIL_CHOICE = table(MailChoice)
_unread = MESSAGE.c.read_at.is_(None)
Index("ix_message_member", MESSAGE.c.programme_id, MESSAGE.c.member_id, MESSAGE.c.record_id)
Index(
    "ix_message_unread", MESSAGE.c.programme_id, MESSAGE.c.recipient, MESSAGE.c.record_id,
    postgresql_where=_unread, sqlite_where=_unread,
)  # fmt: skip
