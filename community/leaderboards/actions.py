"""Keeping the values of boards: recomputed from entries, never incremented, and only what differs is written.

A run over everybody finds in ranges who differs, reading only; those, and those who were touched, are then locked,
recomputed and written in small transactions, each with its share of the tally. `board_state` says for which day and
version the values hold. While a run over everybody is under way its version stands there below zero: readers then go
to the ledger, and a run that finds another day or version in its place stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import is_sqlite, plan_anew, reading, writing
from community.leaderboards.changes import Change, differences, store
from community.leaderboards.models import BOARD_STATE, BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.valued import Asked, differing
from community.members import actions as members
from community.members import queries as member_queries
from community.members.models import Reader
from community.programmes import queries as programmes
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow
from community.standings.queries.chosen import Chosen, InRange, listed

LOOKED_AT_ONCE = 2_000
"""Members locked, recomputed and written in one transaction at most."""

Progress = Callable[[int, int], None]
"""Told how many ranges are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What a run did: members recomputed, and values that came, changed and went. `superseded`: another run, for
    another day or version, took over, and what is left is for that one."""

    day: date
    everybody: bool
    looked_at: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    superseded: bool = False

    def add(self, looked_at: int, changes: Sequence[Change]) -> None:
        """Counts what came of some members."""
        self.looked_at += looked_at
        self.added += sum(change.came for change in changes)
        self.removed += sum(change.went for change in changes)
        self.changed += sum(not change.came and not change.went for change in changes)


@dataclass(frozen=True)
class Task:
    """One run: the programme as read at its start, and the day."""

    engine: AsyncEngine
    programme: ProgrammeRow
    day: date

    @property
    def wanted(self) -> dict[str, tuple[date, int]]:
        """The state of every board when the run is done."""
        return {board.key: (self.day, self.programme.version) for board in self.programme.book.leaderboards}

    def asked(self, chosen: Chosen) -> Iterator[Asked]:
        """What is computed of the chosen members, some boards at a time."""
        programme = self.programme
        yield from Asked(
            programme.id, programme.book, programme.versions.known_types, programme.book.leaderboards, self.day, chosen,
            is_sqlite(self.engine),
        ).parts()  # fmt: skip


async def refresh(
    engine: AsyncEngine,
    slug: str,
    day: date | None = None,
    *,
    full: bool = False,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Brings the values of all boards of a programme to `day` (its today when None).

    Everybody's where the day or the version of the book is another one, or with `full`; then those of members touched
    since. Boards that the book lacks are cleaned away. Doing it twice changes nothing.
    """
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
        task = Task(engine, programme, day or programme.today)
        report = Report(task.day, full or await _states(connection, programme.id) != task.wanted)
        ranges = await member_queries.ranges(connection, programme.id, range_size) if report.everybody else []
    if report.everybody:
        await _everybody(task, ranges, connections, report, progress)
    if not report.superseded:
        await _touched(task, report)
    return report


async def _everybody(
    task: Task, ranges: Sequence[tuple[int, int]], connections: int, report: Report, progress: Progress
) -> None:
    if not await _begin(task):
        report.superseded = True
        return
    waiting = iter(ranges)
    done = 0

    async def work() -> None:
        nonlocal done
        for first, last in waiting:
            await refresh_range(task, first, last, report)
            if report.superseded:
                return
            done += 1
            progress(done, len(ranges))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(ranges))):
            group.create_task(work())
    if not report.superseded:
        await _finish(task)


async def refresh_range(task: Task, first: int, last: int, report: Report) -> None:
    """Brings the members of a range of ids to the day: finds who differs or was touched, then recomputes those."""
    chosen = InRange(first, last)
    found: set[int] = set()
    async with reading(task.engine) as connection:
        await plan_anew(connection)
        for asked in task.asked(chosen):
            statement = differing(asked)
            only_ids = statement.with_only_columns(statement.selected_columns[0])
            found.update((await connection.scalars(only_ids, chosen.parameters())).all())
        found.update(
            await member_queries.touched(
                connection, task.programme.id, Reader.BOARDS, first=first, last=last, most=last - first + 1
            )
        )
    ids = sorted(found)
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        await _settle(task, ids[start : start + LOOKED_AT_ONCE], report)
        if report.superseded:
            return


async def _touched(task: Task, report: Report) -> None:
    """Recomputes those who were touched since."""
    after = 0
    while not report.superseded:
        async with reading(task.engine) as connection:
            ids = await member_queries.touched(
                connection, task.programme.id, Reader.BOARDS, first=after, most=LOOKED_AT_ONCE
            )
        if not ids:
            return
        await _settle(task, ids, report)
        after = ids[-1] + 1


async def _settle(task: Task, ids: Sequence[int], report: Report) -> None:
    """Locks the members, recomputes them, writes what differs and takes their marks away, in one transaction."""
    async with writing(task.engine) as connection:
        if not await _still_wanted(connection, task):
            report.superseded = True
            return
        await members.lock(connection, task.programme.id, ids)
        chosen = listed(connection, ids)
        changes: list[Change] = []
        for asked in task.asked(chosen):
            changes += differences(asked, (await connection.execute(differing(asked), chosen.parameters())).all())
        await store(connection, task.programme.id, changes)
        await members.untouch(connection, task.programme.id, Reader.BOARDS, ids)
    report.add(len(ids), changes)


async def _begin(task: Task) -> bool:
    """Marks every board as under way to the day, and cleans away those that the book lacks.

    Answers False, and does nothing, where a newer version of the book is in force by now.
    """
    programme_id, wanted = task.programme.id, task.wanted
    async with writing(task.engine) as connection:
        in_force = await connection.scalar(select(PROGRAMME.c.version).where(PROGRAMME.c.id == programme_id))
        if in_force != task.programme.version:
            return False
        if wanted:
            insert = sqlite.insert if is_sqlite(connection) else postgresql.insert
            statement = insert(BOARD_STATE)
            under_way = {name: statement.excluded[name] for name in ("day", "version")}
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["programme_id", "board"], set_=under_way),
                [
                    {"programme_id": programme_id, "board": key, "day": day, "version": -version}
                    for key, (day, version) in sorted(wanted.items())
                ],
            )
        for table in (BOARD_STATE, BOARD_VALUE, BOARD_TALLY):
            await connection.execute(
                delete(table).where(table.c.programme_id == programme_id, table.c.board.not_in(list(wanted)))
            )
    return True


async def _finish(task: Task) -> None:
    """The values hold from now on, unless another run took over meanwhile."""
    async with writing(task.engine) as connection:
        await connection.execute(
            update(BOARD_STATE)
            .where(
                BOARD_STATE.c.programme_id == task.programme.id,
                BOARD_STATE.c.day == task.day,
                BOARD_STATE.c.version == -task.programme.version,
            )
            .values(version=task.programme.version)
        )


async def _still_wanted(connection: AsyncConnection, task: Task) -> bool:
    """Whether the boards are kept for, or on their way to, the day and version of this run; holds them there."""
    found = await _states(connection, task.programme.id, lock=True)
    return {board: (day, abs(version)) for board, (day, version) in found.items()} == task.wanted


async def _states(connection: AsyncConnection, programme_id: int, *, lock: bool = False) -> dict[str, tuple[date, int]]:
    """For which day and version each board is kept; a version below zero is on its way."""
    statement = select(BOARD_STATE.c.board, BOARD_STATE.c.day, BOARD_STATE.c.version).where(
        BOARD_STATE.c.programme_id == programme_id
    )
    if lock:
        statement = statement.order_by(BOARD_STATE.c.board).with_for_update(read=True)
    return {board: (day, version) for board, day, version in await connection.execute(statement)}
