"""Reading programmes and their books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import clock
from community.kit.errors import NotFound
from community.programmes.book import Book
from community.programmes.models import BOOK_VERSION, PROGRAMME, UNIT
from community.programmes.versions import Versions


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A programme with all versions of its book. `is_open`: anybody may ask to take part."""

    id: int
    slug: str
    everybody_touched: bool
    versions: Versions
    is_open: bool = False

    @property
    def book(self) -> Book:
        """The book in force."""
        return self.versions.in_force

    @property
    def version(self) -> int:
        """The number of the version in force."""
        return self.versions.current

    @property
    def today(self) -> date:
        """The day in the programme's zone."""
        return clock.today(self.book.programme.timezone)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a book as a list shows it; `repriced` False: re-pricing is under way."""

    number: int
    applied_at: datetime
    applied_by: str
    note: str
    retroactive: bool
    repriced_to: int
    repriced: bool


_read: WeakKeyDictionary[Engine, dict[tuple[int, int], Book]] = WeakKeyDictionary()
"""Versions never change, so a process reads each once for each database."""


_PROGRAMME = tuple(PROGRAMME.c[name] for name in ("id", "slug", "everybody_touched", "version", "is_open"))


async def programme(connection: AsyncConnection, slug: str) -> ProgrammeRow:
    """A programme by its slug. Raises NotFound."""
    row = (await connection.execute(select(*_PROGRAMME).where(PROGRAMME.c.slug == slug))).one_or_none()
    if row is None:
        raise NotFound(f"there is no programme {slug!r}")
    known = await versions(connection, row.id, row.version)
    return ProgrammeRow(row.id, row.slug, row.everybody_touched, known, row.is_open)


async def programme_of(connection: AsyncConnection, programme_id: int) -> ProgrammeRow:
    """A programme by its id. Raises NotFound."""
    slug = await connection.scalar(select(PROGRAMME.c.slug).where(PROGRAMME.c.id == programme_id))
    if slug is None:
        raise NotFound(f"there is no programme with the id {programme_id}")
    return await programme(connection, slug)


async def programmes(connection: AsyncConnection) -> list[ProgrammeRow]:
    """All programmes, by slug."""
    rows = await connection.execute(select(*_PROGRAMME).order_by(PROGRAMME.c.slug))
    return [
        ProgrammeRow(
            row.id, row.slug, row.everybody_touched, await versions(connection, row.id, row.version), row.is_open
        )
        for row in rows
    ]


async def versions(connection: AsyncConnection, programme_id: int, current: int) -> Versions:
    """All versions of a book up to the one in force; those read before are not read again."""
    known = _read.setdefault(connection.sync_connection.engine, {})  # type: ignore[union-attr]  # it is open
    missing = [n for n in range(1, current + 1) if (programme_id, n) not in known]
    if missing:
        rows = await connection.execute(
            select(BOOK_VERSION.c.number, BOOK_VERSION.c.document).where(
                BOOK_VERSION.c.programme_id == programme_id, BOOK_VERSION.c.number.in_(missing)
            )
        )
        for number, document in rows:
            known[programme_id, number] = Book.model_validate(document)
    return Versions(current, {n: known[programme_id, n] for n in range(1, current + 1)})


async def text_of(connection: AsyncConnection, programme_id: int, number: int) -> str:
    """The text of a version as it was applied. Raises NotFound."""
    found = await connection.scalar(
        select(BOOK_VERSION.c.text).where(BOOK_VERSION.c.programme_id == programme_id, BOOK_VERSION.c.number == number)
    )
    if found is None:
        raise NotFound(f"the book has no version {number}")
    return str(found)


async def history(
    connection: AsyncConnection, programme_id: int, *, before: int | None = None, most: int | None = None
) -> Sequence[VersionRow]:
    """The versions of a book, newest first; those `before` a number, at most `most`."""
    columns: Any = (BOOK_VERSION.c[name] for name in VersionRow.__slots__)
    asked = select(*columns).where(BOOK_VERSION.c.programme_id == programme_id).order_by(BOOK_VERSION.c.number.desc())
    if before is not None:
        asked = asked.where(BOOK_VERSION.c.number < before)
    return [VersionRow(*row) for row in await connection.execute(asked.limit(most))]


async def unit_of(connection: AsyncConnection, slug: str) -> tuple[int, str]:
    """A unit's id and name, by its slug. Raises NotFound."""
    found = (await connection.execute(select(UNIT.c.id, UNIT.c.name).where(UNIT.c.slug == slug))).one_or_none()
    if found is None:
        raise NotFound(f"there is no unit {slug!r}")
    return found.id, found.name


async def unit_name(connection: AsyncConnection, unit_id: int) -> str:
    """What a unit is called."""
    return str(await connection.scalar(select(UNIT.c.name).where(UNIT.c.id == unit_id)) or "")


async def slugs(connection: AsyncConnection) -> tuple[dict[int, str], dict[int, str]]:
    """The slugs of all units and of all programmes, by id."""
    units = await connection.execute(select(UNIT.c.id, UNIT.c.slug))
    programmes = await connection.execute(select(PROGRAMME.c.id, PROGRAMME.c.slug))
    return {row.id: row.slug for row in units}, {row.id: row.slug for row in programmes}


async def titles(connection: AsyncConnection) -> list[str]:
    """What the programmes are called, in every language, and their slugs: what no password may lean on."""
    found: list[str] = []
    for one in await programmes(connection):
        name = one.book.programme.name
        found += [one.slug, *([name] if isinstance(name, str) else name.values())]
    return found
