"""Doing what a new version says: apply it, price anew in ranges, and plan both without keeping anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.changes.queries import Touch, people_touched, points_moved, with_version
from community.contributions.actions import awards
from community.contributions.actions.held import CONTENT, Content
from community.contributions.actions.take_in import open_line
from community.contributions.models import CONTRIBUTION, State
from community.kit.bulk import among, update_rows
from community.kit.db import reading, writing
from community.kit.errors import NotFound
from community.ledger import actions as ledger
from community.ledger.queries import position
from community.members import actions as members
from community.members.queries import ranges
from community.programmes import actions as programmes
from community.programmes import queries
from community.programmes.actions import NewVersion
from community.programmes.meaning import RuleDifference, differences, same_meaning
from community.programmes.models import BOOK_VERSION
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import outcome_of
from community.standings.queries.chosen import InRange
from community.standings.queries.present import measured
from community.standings.rules.decide import Outcome
from community.standings.rules.ladder import ladder_of

REPRICED_AT_ONCE = 500
"""Members priced anew in one transaction."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Plan:
    """What a version would do. `rules`: the difference of the rules; `people`: whom it would touch today.

    With `retroactive`: how many members' points would change, and by how much up and down.
    """

    slug: str
    new: bool
    day: date
    rules: list[RuleDifference]
    people: list[Touch] = field(default_factory=list)
    repriced: tuple[int, int, int] | None = None


class _Undone(Exception):
    """Takes a rehearsed transaction back."""


async def plan(engine: AsyncEngine, version: NewVersion, *, range_size: int, day: date | None = None) -> Plan:
    """Compares a book with what is in force; changes nothing. A retroactive one is rehearsed and rolled back."""
    slug = version.book.programme.slug
    async with reading(engine) as connection:
        try:
            present = await queries.programme(connection, slug)
        except NotFound:
            return Plan(slug, True, day or date.min, differences(None, version.book))
        planned = with_version(present, version.book)
        made = Plan(slug, False, day or planned.today, differences(present.book, version.book))
        if not version.retroactive:
            made.people = [one async for one in people_touched(connection, present, planned, made.day, range_size)]
    if version.retroactive:
        await _rehearse(engine, present, planned, made, range_size)
    made.people.sort(key=lambda one: one.handle)
    return made


async def _rehearse(
    engine: AsyncEngine, present: ProgrammeRow, planned: ProgrammeRow, made: Plan, range_size: int
) -> None:
    """Prices everybody anew in one transaction, looks who would be touched, and rolls it all back."""
    async with reading(engine) as connection:
        as_is = await _as_is(connection, present, made.day, range_size)
    try:
        async with writing(engine) as connection:
            before = await position(connection, present.id)
            for first, last in await ranges(connection, present.id, REPRICED_AT_ONCE):
                await reprice_range(connection, planned, planned.version, first, last)
            made.repriced = await points_moved(connection, present.id, before)
            made.people = [
                one async for one in people_touched(connection, present, planned, made.day, range_size, as_is)
            ]
            raise _Undone
    except _Undone:
        return


async def _as_is(connection: AsyncConnection, present: ProgrammeRow, day: date, range_size: int) -> dict[int, Outcome]:
    ladder = ladder_of(present.book, present.version)
    found = {}
    for first, last in await ranges(connection, present.id, range_size):
        for one in await measured(connection, present, ladder, day, InRange(first, last), attention_only=True):
            found[one.member_id] = outcome_of(ladder, one, day, present)
    return found


async def apply(engine: AsyncEngine, version: NewVersion, *, actor: str) -> int | None:
    """Stores a new numbered version and marks everybody as touched, in one transaction; answers its number.

    None where the file means what is in force already (with `retroactive`, everybody is priced anew all the same).
    """
    slug = version.book.programme.slug
    async with writing(engine) as connection:
        if await programmes.lock_book(connection, slug) is None:
            programme_id = await programmes.create(connection, version, actor)
            await ledger.open_ledger(connection, programme_id)
            await open_line(connection, programme_id)
            await programmes.note_all_repriced(connection, programme_id, 1)
            return 1
        present = await queries.programme(connection, slug)
        if same_meaning(present.book, version.book):
            if version.retroactive:
                await programmes.reprice_from_start(connection, present.id, present.version)
            return None
        await programmes.add_version(connection, present.id, present.version + 1, version, actor)
        return present.version + 1


async def reprice(engine: AsyncEngine, slug: str, progress: Progress = lambda _done, _all: None) -> int:
    """Prices anew, in ranges, whoever a retroactive version has not reached yet; answers how many awards changed.

    Each range is a transaction of its own; what died half way goes on where it was.
    """
    async with reading(engine) as connection:
        todo = await to_reprice(connection, await queries.programme(connection, slug))
    if todo is None:
        return 0
    changed = 0
    for done, (first, last) in enumerate(todo.ranges, start=1):
        async with writing(engine) as connection:
            changed += await reprice_some(connection, todo, first, last)
        progress(done, len(todo.ranges))
    async with writing(engine) as connection:
        await programmes.note_all_repriced(connection, todo.programme.id, todo.version)
    return changed


@dataclass(frozen=True, slots=True)
class Repricing:
    """Who is still to be priced anew by a version: ranges of member ids."""

    programme: ProgrammeRow
    version: int
    ranges: list[tuple[int, int]]


async def to_reprice(connection: AsyncConnection, programme: ProgrammeRow) -> Repricing | None:
    """What a retroactive version has not reached yet; None where there is nothing to do."""
    waiting = await _waiting(connection, programme.id)
    if waiting is None:
        return None
    version, reached = waiting
    every = await ranges(connection, programme.id, REPRICED_AT_ONCE)
    return Repricing(programme, version, [(max(first, reached + 1), last) for first, last in every if last > reached])


async def reprice_some(connection: AsyncConnection, todo: Repricing, first: int, last: int) -> int:
    """Prices one range anew and notes how far it came; answers how many awards changed."""
    changed = await reprice_range(connection, todo.programme, todo.version, first, last)
    await programmes.note_repriced(connection, todo.programme.id, todo.version, to=last)
    return changed


async def _waiting(connection: AsyncConnection, programme_id: int) -> tuple[int, int] | None:
    """The newest retroactive version that has not reached everybody, and the last member whom it has."""
    row = (
        await connection.execute(
            select(BOOK_VERSION.c.number, BOOK_VERSION.c.repriced_to)
            .where(BOOK_VERSION.c.programme_id == programme_id, BOOK_VERSION.c.repriced.is_(False))
            .order_by(BOOK_VERSION.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


async def reprice_range(
    connection: AsyncConnection, programme: ProgrammeRow, version: int, first: int, last: int
) -> int:
    """Prices the approved contributions of a range of members by a version, save those of types that it lacks and
    those that a later one priced; answers how many awards changed.
    """
    c = CONTRIBUTION.c
    versions = programme.versions
    approved = (c.programme_id == programme.id, c.state == State.APPROVED.value)
    ids = sorted(
        await connection.scalars(select(c.member_id).where(*approved, c.member_id.between(first, last)).distinct())
    )
    await members.lock(connection, programme.id, ids)
    rows = await connection.execute(
        select(c.id, *(c[name] for name in CONTENT)).where(
            *approved, among(connection, c.member_id, ids), c.priced_by < version
        )
    )
    contents = ((row[0], Content(*row[1:])) for row in rows)
    priced = [
        (programme.id, contribution_id, content.price(versions, version), version)
        for contribution_id, content in contents
        if versions.type(version, content.type) is not None
    ]
    await update_rows(connection, CONTRIBUTION, ["programme_id", "id"], ["price", "priced_by"], priced)
    return await awards.converge(connection, programme.id, ids, versions) if ids else 0
