"""Runs over everybody: which were, which are missing, whether one is still under way, and what was known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import last_instant
from community.ledger.queries import position_at
from community.members.models import Reader
from community.members.queries import any_touched
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow, history
from community.standings.models import RUN
from community.standings.rules.state import Known


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it is stored; `known_at` and `position` are those of a day made up."""

    day: date
    version: int
    quiet: bool
    known_at: datetime | None
    position: int | None
    started_at: datetime
    finished_at: datetime | None


_COLUMNS = tuple(RUN.c[name] for name in RunRow.__slots__)


async def newest_run(
    connection: AsyncConnection, programme_id: int, *, before: date | None = None, locked: bool = False
) -> RunRow | None:
    """The run of the latest day, of those before a day if one is given; `locked` until the end of the transaction."""
    statement = select(*_COLUMNS).where(RUN.c.programme_id == programme_id).order_by(RUN.c.day.desc()).limit(1)
    if before is not None:
        statement = statement.where(RUN.c.day < before)
    if locked:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else RunRow(*row)


async def missing_days(connection: AsyncConnection, programme: ProgrammeRow, today: date) -> list[date]:
    """The days before `today` that were not run to their end, in order: those after the last run, and that of the last
    run where it is unfinished, or something came in after it of which nobody has taken notice yet.

    None before the first run, and none from before the programme was there.
    """
    last = await newest_run(connection, programme.id)
    if last is None:
        return []
    over = last.finished_at is not None and not (last.day < today and await _left_behind(connection, programme, last))
    first = last.day + timedelta(days=1) if over else last.day
    if first >= today:
        return []
    begun = (await history(connection, programme.id))[-1].applied_at
    zone = programme.versions.book(1).programme.timezone
    missing = [first + timedelta(days=number) for number in range((today - first).days)]
    return [day for day in missing if last_instant(day, zone) >= begun]


async def _left_behind(connection: AsyncConnection, programme: ProgrammeRow, last: RunRow) -> bool:
    """Whether a day that was run while it lasted must be looked at again: members were touched, or a version applied.

    Whoever was touched later is looked at in vain.
    """
    if last.known_at is not None:
        return False
    version, _ = await _end_of(connection, programme, last.day)
    return version > last.version or await any_touched(connection, programme.id, Reader.STANDINGS)


async def known_at_end_of(connection: AsyncConnection, programme: ProgrammeRow, day: date) -> Known:
    """What was known at the last instant of a day, in the zone of the book that was in force then."""
    version, instant = await _end_of(connection, programme, day)
    return await _known(connection, programme.id, day, version, instant, None)


async def _end_of(connection: AsyncConnection, programme: ProgrammeRow, day: date) -> tuple[int, datetime]:
    """The version that was in force at the last instant of a day in its zone, and that instant."""
    for one in await history(connection, programme.id):
        end = last_instant(day, programme.versions.book(one.number).programme.timezone)
        if one.number <= programme.version and one.applied_at <= end:
            return one.number, end
    return 1, last_instant(day, programme.versions.book(1).programme.timezone)


async def known_to(connection: AsyncConnection, programme_id: int, run: RunRow) -> Known | None:
    """What counts in a run of a day made up; None for any other, which sees what is recorded when it runs."""
    if run.known_at is None:
        return None
    return await _known(connection, programme_id, run.day, run.version, run.known_at, run.position)


async def _known(
    connection: AsyncConnection, programme_id: int, day: date, version: int, instant: datetime, position: int | None
) -> Known:
    before = await newest_run(connection, programme_id, before=day)
    if position is None:
        position = await position_at(connection, programme_id, instant)
    return Known(instant, position, version, before.known_at if before else None)


async def under_way(
    connection: AsyncConnection, programme_id: int, day: date, version: int, *, made_up: bool = False
) -> bool:
    """Whether a run may go on deciding: no later day was begun, and no newer version begun or, but for a day made up,
    applied since.
    """
    row = (
        await connection.execute(
            select(func.max(RUN.c.day), func.max(RUN.c.version).filter(RUN.c.day == day), func.max(PROGRAMME.c.version))
            .join_from(RUN, PROGRAMME, PROGRAMME.c.id == RUN.c.programme_id)
            .where(RUN.c.programme_id == programme_id, RUN.c.day >= day)
        )
    ).one()
    return bool((row[0], row[1]) == (day, version) and (made_up or row[2] == version))
