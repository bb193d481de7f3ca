"""Evaluating everybody on a day, or those who were touched (rulebook, section 6, When).

A run over everybody goes through ranges of member ids on several connections. Each range asks the database who needs a
closer look; only those are locked, read again, decided and written, in one transaction. So a range may be repeated,
and a run that died half way is taken up by running it again: it decides nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.clock import now
from community.kit.db import is_sqlite, plan_anew, reading, writing
from community.kit.errors import UsageError
from community.members import actions as members
from community.members import queries as member_queries
from community.members.models import Reader
from community.programmes import queries as programmes
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow
from community.standings.actions.store import Judged, Ruling, store
from community.standings.models import RUN
from community.standings.queries.chosen import InRange, listed
from community.standings.queries.present import Measured, last_run, measured, states_before
from community.standings.queries.verdict import members_measured
from community.standings.rules.decide import Outcome, evaluate
from community.standings.rules.ladder import Ladder, ladder_of
from community.standings.rules.state import State

LOOKED_AT_ONCE = 5_000
"""Members locked, decided and written in one transaction at most."""

Progress = Callable[[int, int], None]
"""Told how many ranges are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What a run did. `judged` is kept by dry runs only."""

    day: date
    everybody: bool
    looked_at: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    judged: list[Judged] = field(default_factory=list)

    def add(self, judged: Sequence[Judged], *, keep: bool) -> None:
        """Counts what came of some members."""
        self.looked_at += len(judged)
        for one in judged:
            if one.outcome.step is not None:
                self.happened["decision"] += 1
            self.happened.update(what.verb for what in one.outcome.happened)
        if keep:
            self.judged += [one for one in judged if one.changed]


@dataclass(frozen=True)
class Task:
    """One run: the programme as read at its start, its ladder, the day, and how it is to be done."""

    engine: AsyncEngine
    programme: ProgrammeRow
    ladder: Ladder
    day: date
    actor: str
    quiet: bool = False
    dry: bool = False
    past: bool = False


async def refresh(
    engine: AsyncEngine,
    slug: str,
    day: date | None = None,
    *,
    actor: str,
    full: bool = False,
    dry: bool = False,
    quiet: bool = False,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Evaluates a programme on `day` (its today when None).

    Everybody if that day was not run to its end yet, after a new version or with `full`; else those touched since.
    Raises UsageError for a day before the last one run, unless `dry`.
    """
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
        before = await last_run(connection, programme.id)
        asked = day or programme.today
        past = before is not None and asked < before[0]
        everybody = full or past or programme.everybody_touched or before != (asked, True)
        ranges = await member_queries.ranges(connection, programme.id, range_size) if everybody else []
    if past and before is not None and not dry:
        raise UsageError(f"{asked} lies before the last day run, {before[0]}: only with --dry-run")
    quiet = quiet or before is None
    task = Task(engine, programme, ladder_of(programme.book, programme.version), asked, actor, quiet, dry, past)
    report = Report(asked, everybody)
    if not everybody:
        await _touched(task, report)
        return report
    if not dry:
        await _begin(task)
    await _ranges(task, ranges, connections, report, progress)
    if not dry:
        await _finish(task)
    return report


async def _ranges(
    task: Task, ranges: Sequence[tuple[int, int]], connections: int, report: Report, progress: Progress
) -> None:
    waiting = iter(ranges)
    done = 0

    async def work() -> None:
        nonlocal done
        for first, last in waiting:
            await evaluate_range(task, first, last, report)
            done += 1
            progress(done, len(ranges))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(ranges))):
            group.create_task(work())


async def evaluate_range(task: Task, first: int, last: int, report: Report) -> None:
    """Evaluates the members of a range of ids: finds who needs a closer look, then decides about those."""
    chosen = InRange(first, last)
    async with reading(task.engine) as connection:
        await plan_anew(connection)
        if task.past:
            ids = [row.member_id for row in await measured(connection, task.programme, task.ladder, task.day, chosen)]
        else:
            statement = members_measured(
                task.ladder, task.programme.versions, task.programme.id, task.day, chosen,
                sqlite=is_sqlite(connection), attention_only=True,
            )  # fmt: skip
            only_ids = statement.with_only_columns(statement.selected_columns[0])
            ids = list((await connection.scalars(only_ids, chosen.parameters())).all())
            marks = await member_queries.touched(
                connection, task.programme.id, Reader.STANDINGS, first=first, last=last, most=last - first + 1
            )
            ids = sorted({*ids, *marks})
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        report.add(await _look_at(task, ids[start : start + LOOKED_AT_ONCE]), keep=task.dry)


async def _touched(task: Task, report: Report) -> None:
    """Evaluates those who were touched since; whoever is touched meanwhile waits for the next run."""
    after, ids = 0, [0] * LOOKED_AT_ONCE
    while len(ids) == LOOKED_AT_ONCE:
        if task.dry:
            async with reading(task.engine) as connection:
                ids = await member_queries.touched(
                    connection, task.programme.id, Reader.STANDINGS, first=after, most=LOOKED_AT_ONCE
                )
                judged = await judge(connection, task.programme, task.ladder, task.day, ids)
        else:
            async with writing(task.engine) as connection:
                ids = await members.lock_touched(
                    connection, task.programme.id, Reader.STANDINGS, first=after, most=LOOKED_AT_ONCE
                )
                judged = await _decide(
                    connection, task.programme, task.ladder, task.day, ids, actor=task.actor, quiet=task.quiet
                )
        report.add(judged, keep=task.dry)
        after = ids[-1] + 1 if ids else after


async def _look_at(task: Task, ids: Sequence[int]) -> list[Judged]:
    """Decides about some members and writes what changed, in one transaction; a dry run only reads."""
    if task.dry:
        async with reading(task.engine) as connection:
            return await judge(connection, task.programme, task.ladder, task.day, ids, past=task.past)
    async with writing(task.engine) as connection:
        return await decide_about(
            connection, task.programme, task.ladder, task.day, ids, actor=task.actor, quiet=task.quiet
        )


async def decide_about(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    actor: str,
    quiet: bool = False,
) -> list[Judged]:
    """Locks the members, evaluates them, writes what changed and takes their marks away."""
    await members.lock(connection, programme.id, ids)
    return await _decide(connection, programme, ladder, day, ids, actor=actor, quiet=quiet)


async def _decide(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    actor: str,
    quiet: bool,
) -> list[Judged]:
    if not ids:
        return []
    judged = await judge(connection, programme, ladder, day, ids, attention_only=True)
    await store(connection, Ruling(programme.id, day, ladder.version, actor, quiet), judged)
    await members.untouch(connection, programme.id, Reader.STANDINGS, ids)
    return judged


async def judge(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    ids: Sequence[int],
    *,
    past: bool = False,
    attention_only: bool = False,
) -> list[Judged]:
    """What an evaluation on `day` comes to, for each of the members; writes nothing.

    `past`: it starts from the standings as they were left at the end of the day before. `attention_only`: only for
    those about whom something may change, which the database finds.
    """
    found = await measured(connection, programme, ladder, day, listed(connection, ids), attention_only=attention_only)
    if past:
        found = await as_before(connection, programme.id, day, found)
    return [Judged(one, outcome_of(ladder, one, day, programme)) for one in found]


async def as_before(
    connection: AsyncConnection, programme_id: int, day: date, found: Sequence[Measured]
) -> list[Measured]:
    """The members with the standings that they had at the end of the day before `day`."""
    states = await states_before(connection, programme_id, day, [one.member_id for one in found])
    return [
        Measured(
            one.member_id, one.handle, one.status, one.joined_on, one.position,
            states.get(one.member_id, State(locked=one.state.locked, locked_until=one.state.locked_until)),
            one.facts, one.changes, one.decisions,
        )
        for one in found
    ]  # fmt: skip


def outcome_of(ladder: Ladder, member: Measured, day: date, programme: ProgrammeRow) -> Outcome:
    """The decision about a member as measured."""
    return evaluate(ladder, member.state, member.facts, day, programme.versions.tier_changed)


async def _begin(task: Task) -> None:
    async with writing(task.engine) as connection:
        known = await connection.scalar(
            select(RUN.c.day).where(RUN.c.programme_id == task.programme.id, RUN.c.day == task.day)
        )
        if known is None:
            await connection.execute(
                insert(RUN).values(
                    programme_id=task.programme.id, day=task.day, version=task.ladder.version, quiet=task.quiet,
                    started_at=now(),
                )
            )  # fmt: skip


async def _finish(task: Task) -> None:
    """The day was run; a version applied meanwhile keeps everybody touched."""
    async with writing(task.engine) as connection:
        await connection.execute(
            update(RUN)
            .where(RUN.c.programme_id == task.programme.id, RUN.c.day == task.day)
            .values(finished_at=now(), version=task.ladder.version)
        )
        await connection.execute(
            update(PROGRAMME)
            .where(PROGRAMME.c.id == task.programme.id, PROGRAMME.c.version == task.ladder.version)
            .values(everybody_touched=False)
        )
