"""The pieces of a run over the values of boards, for whoever does them in one process or as jobs in ranges.

A run over everybody opens the values for a day and version, looks in ranges for who differs, reading only, settles
those, and closes. `board_state` says for which day and version the values hold. From opening to closing its version
stands there below zero: readers then go to the ledger. Whoever settles holds the state as it is until the commit, so a
run that finds another day or version in its place has been superseded, writes nothing and ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import is_sqlite, plan_anew
from community.leaderboards.actions.fill import anything_kept, count, fill
from community.leaderboards.actions.store import Tally, store
from community.leaderboards.models import BOARD_STATE, BOARD_TALLY, BOARD_VALUE
from community.leaderboards.queries.differences import differences
from community.leaderboards.queries.valued import Asked, compared, who_differs
from community.members import actions as members
from community.members import queries as member_queries
from community.members.models import Reader
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow
from community.standings.queries.chosen import Chosen, InRange, listed

LOOKED_AT_ONCE = 2_000
"""Members locked and recomputed by one statement at most."""

FILLED_FROM = 500
"""So many members at least, of whom nothing is kept, are written by the database itself."""

States = dict[str, tuple[date, int]]
"""By board: the day and version for which it is kept; a version below zero is on its way."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run: the programme as read at its start, and the day. Two processes that read the same make the same task."""

    programme: ProgrammeRow
    day: date

    @property
    def wanted(self) -> States:
        """The state of every board when the run is done."""
        return {board.key: (self.day, self.programme.version) for board in self.programme.book.leaderboards}

    def asked(self, connection: AsyncConnection, chosen: Chosen) -> Iterator[Asked]:
        """What is computed of the chosen members, some boards at a time."""
        programme = self.programme
        yield from Asked(
            programme.id, programme.book, programme.versions.known_types, programme.book.leaderboards, self.day, chosen,
            is_sqlite(connection),
        ).parts()  # fmt: skip


class Settled(NamedTuple):
    """What came of settling: members recomputed, and values that came, changed and went.

    `superseded`: nothing was done, because another run, for another day or version, took over.
    """

    looked_at: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    superseded: bool = False


async def open_values(connection: AsyncConnection, programme: ProgrammeRow, day: date) -> bool:
    """Marks every board as under way to the day, and cleans away those that the book lacks; may be done again.

    Answers False, and does nothing, where a newer version of the book is in force by now.
    """
    in_force = await connection.scalar(select(PROGRAMME.c.version).where(PROGRAMME.c.id == programme.id))
    if in_force != programme.version:
        return False
    keys = sorted(board.key for board in programme.book.leaderboards)
    if keys:
        insert = (sqlite.insert if is_sqlite(connection) else postgresql.insert)(BOARD_STATE)
        under_way = {name: insert.excluded[name] for name in ("day", "version")}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["programme_id", "board"], set_=under_way),
            [{"programme_id": programme.id, "board": key, "day": day, "version": -programme.version} for key in keys],
        )
    for table in (BOARD_STATE, BOARD_VALUE, BOARD_TALLY):
        await connection.execute(delete(table).where(table.c.programme_id == programme.id, table.c.board.not_in(keys)))
    return True


async def look_for(connection: AsyncConnection, task: Task, first: int, last: int) -> list[int]:
    """The members of a range of ids who have to be settled: those whose values differ, and those touched; reads only.

    Nobody where the run was superseded.
    """
    if not _same(await states(connection, task.programme.id), task):
        return []
    await plan_anew(connection)
    chosen = InRange(first, last)
    found: set[int] = set()
    for asked in task.asked(connection, chosen):
        found.update((await connection.scalars(who_differs(asked), asked.parameters())).all())
    found.update(
        await member_queries.touched(
            connection, task.programme.id, Reader.BOARDS, first=first, last=last, most=last - first + 1
        )
    )
    return sorted(found)


async def settle(connection: AsyncConnection, task: Task, ids: Sequence[int]) -> Settled:
    """Locks the members, recomputes them, writes what differs and takes their marks away.

    Any number of them (in id order), though the locks are held until the commit.
    """
    if not await still_wanted(connection, task):
        return Settled(superseded=True)
    await members.lock(connection, task.programme.id, ids)
    return await _settle(connection, task, ids)


async def touched_once(connection: AsyncConnection, programme: ProgrammeRow, day: date, most: int) -> bool:
    """Settles the members who were touched, at most `most`; answers whether more may wait. `day` is the present one.

    Those who are touched while the values are still kept for an earlier day or another version are left to the run over
    everybody that is to come, which takes them along.
    """
    return (await take_touched(connection, programme, day, most)).looked_at == most


async def take_touched(connection: AsyncConnection, programme: ProgrammeRow, day: date, most: int) -> Settled:
    """As `touched_once`; answers what came of it."""
    kept = await states(connection, programme.id, lock=True)
    latest = max((kept_for for kept_for, _version in kept.values()), default=day)
    task = Task(programme, latest)
    if latest < day or not _same(kept, task):
        return Settled(superseded=True)
    ids = await members.lock_touched(connection, programme.id, Reader.BOARDS, first=0, most=most)
    return await _settle(connection, task, ids)


async def close_values(connection: AsyncConnection, task: Task) -> bool:
    """The values hold from now on; answers False, and does nothing, where another run took over meanwhile."""
    if not await still_wanted(connection, task):
        return False
    await connection.execute(
        update(BOARD_STATE)
        .where(
            BOARD_STATE.c.programme_id == task.programme.id,
            BOARD_STATE.c.day == task.day,
            BOARD_STATE.c.version == -task.programme.version,
        )
        .values(version=task.programme.version)
    )
    return True


async def still_wanted(connection: AsyncConnection, task: Task) -> bool:
    """Whether the boards are kept for, or on their way to, the day and version of this run; holds them there."""
    return _same(await states(connection, task.programme.id, lock=True), task)


async def states(connection: AsyncConnection, programme_id: int, *, lock: bool = False) -> States:
    """For which day and version each board is kept; with `lock` it stays so until the commit."""
    statement = select(BOARD_STATE.c.board, BOARD_STATE.c.day, BOARD_STATE.c.version).where(
        BOARD_STATE.c.programme_id == programme_id
    )
    if lock:
        statement = statement.order_by(BOARD_STATE.c.board).with_for_update(read=True)
    return {board: (day, version) for board, day, version in await connection.execute(statement)}


def _same(kept: States, task: Task) -> bool:
    return {board: (day, abs(version)) for board, (day, version) in kept.items()} == task.wanted


async def _settle(connection: AsyncConnection, task: Task, ids: Sequence[int]) -> Settled:
    """The members' rows are locked. The tally comes last, once: other transactions count in the same rows."""
    parts = [ids[start : start + LOOKED_AT_ONCE] for start in range(0, len(ids), LOOKED_AT_ONCE)]
    if len(ids) >= FILLED_FROM and not await anything_kept(connection, task.programme, ids):
        for some in parts:
            for asked in task.asked(connection, listed(connection, some)):
                await fill(connection, asked)
            await members.untouch(connection, task.programme.id, Reader.BOARDS, some)
        return Settled(len(ids), await count(connection, task.programme, ids))
    tally = Tally()
    came = stayed = went = 0
    for some in parts:
        chosen = listed(connection, some)
        for asked in task.asked(connection, chosen):
            rows = (await connection.execute(compared(asked), asked.parameters())).all()
            changes = list(differences(asked, rows))
            await store(connection, task.programme.id, changes)
            tally.add(changes)
            came += sum(change.came for change in changes)
            went += sum(change.went for change in changes)
            stayed += sum(not change.came and not change.went for change in changes)
        await members.untouch(connection, task.programme.id, Reader.BOARDS, some)
    await tally.write(connection, task.programme.id)
    return Settled(len(ids), came, stayed, went)
