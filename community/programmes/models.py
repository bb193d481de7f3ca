"""Units, programmes, and the numbered versions of their books."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Text, false
from sqlmodel import Field, SQLModel

from community.history.models import Json
from community.kit.db import Big, Instant, table


class Unit(SQLModel, table=True):
    """A business unit; units form a tree, the topmost is the hub."""

    __tablename__ = "unit"

    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    parent_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("unit.id"), nullable=True))
    slug: str = Field(unique=True)
    name: str


class Programme(SQLModel, table=True):
    """One advocate programme; its rules are in its book, `version` says which one is in force.

    `everybody_touched`: the next evaluation takes in everybody (after a new version). `is_open`: anybody may apply.
    """

    __tablename__ = "programme"

    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    unit_id: int = Field(sa_column=Column(Big, ForeignKey("unit.id"), nullable=False))
    slug: str = Field(unique=True)
    version: int
    everybody_touched: bool = True
    is_open: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class BookVersion(SQLModel, table=True):
    """A numbered state of a book: the text as applied, comments included, and what it means as a document.

    Re-pricing by a retroactive version goes through the members in ranges: `repriced_to` is the last member id done,
    `repriced` tells that all are.
    """

    __tablename__ = "book_version"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    programme_id: int = Field(sa_column=Column(Big, ForeignKey("programme.id"), primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    document: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    applied_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    applied_by: str
    note: str = ""
    retroactive: bool = False
    repriced_to: int = Field(default=0, sa_column=Column(Big, nullable=False))
    repriced: bool = True


UNIT = table(Unit)
PROGRAMME = table(Programme)
BOOK_VERSION = table(BookVersion)
