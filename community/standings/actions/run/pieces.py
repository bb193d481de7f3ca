"""The pieces of runs, each inside the caller's transaction: the command line and the jobs are made of the same.

All of them may be repeated: a range decides nothing twice, and what is over stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import last_instant, now
from community.kit.db import is_sqlite, plan_anew
from community.members import actions as members
from community.members import queries as member_queries
from community.members.models import Reader
from community.programmes.models import PROGRAMME
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run.judge import decide_locked
from community.standings.actions.run.task import BY_RULES, Prompt, Report, Task, pinned
from community.standings.models import RUN
from community.standings.queries.chosen import InRange
from community.standings.queries.present import measured
from community.standings.queries.runs import (
    known_at_end_of,
    known_to,
    newest_run,
    under_way,
)
from community.standings.queries.verdict import members_measured
from community.standings.rules.ladder import Ladder
from community.standings.rules.state import Known

LOOKED_AT_ONCE = 5_000
"""Members locked, decided and written in one transaction at most."""


async def open_run(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    day: date,
    *,
    quiet: bool = False,
    full: bool = False,
    known: Known | None = None,
    actor: str = BY_RULES,
) -> Task | None:
    """Begins the run of a day over everybody, by the version in force (on a day made up: in force then), or takes an
    unfinished one up. A programme's first run is quiet.

    A day that was run, and is made up since somebody was touched after that, is run for those only. None where there is
    nothing to run: a later day was run, or, without `full`, this one to its end and no version was applied since.
    """
    last = await newest_run(connection, programme.id, locked=True)
    version = known.version if known else programme.version
    if last is not None and last.day > day:
        return None
    again = last if last is not None and last.day == day else None
    only_touched = False
    if again is not None and again.finished_at is not None and again.version == version and not full:
        if again.known_at is not None if known else not programme.everybody_touched:
            return None
        only_touched = known is not None
    if again is not None and again.finished_at is None:
        quiet = quiet or again.quiet
    quiet = quiet or last is None
    values = {
        "version": version, "quiet": quiet, "known_at": known and known.instant, "position": known and known.position,
        "started_at": now(), "finished_at": None,
    }  # fmt: skip
    if again is None:
        await connection.execute(insert(RUN).values(programme_id=programme.id, day=day, **values))
    else:
        await connection.execute(
            update(RUN).where(RUN.c.programme_id == programme.id, RUN.c.day == day).values(**values)
        )
    return Task(pinned(programme, version), day, actor, quiet, known, only_touched=only_touched)


async def resume(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    day: date,
    *,
    only_touched: bool = False,
    actor: str = BY_RULES,
) -> Task | None:
    """The task of the run under way for a day, as it was begun; None where it is over or superseded.

    A run of a day that ended meanwhile goes on as one made up: what came in since is not of that day.
    """
    run = await newest_run(connection, programme.id)
    if run is None or run.day != day or run.finished_at is not None:
        return None
    known = await known_to(connection, programme.id, run)
    if known is None and run.version != programme.version:
        return None
    if known is None and run.started_at <= last_instant(day, programme.book.programme.timezone) < now():
        known = await known_at_end_of(connection, programme, day)
    return Task(pinned(programme, run.version), day, actor, run.quiet, known, only_touched)


async def look_for(connection: AsyncConnection, task: Task, first: int, last: int) -> list[int]:
    """Who of a range of member ids needs a closer look; nobody where the run is over."""
    chosen = InRange(first, last)
    await plan_anew(connection)
    if task.past:
        return [one.member_id for one in await measured(connection, task.programme, task.ladder, task.day, chosen)]
    if not task.dry and not await _goes_on(connection, task):
        return []
    if task.only_touched:
        return await _touched(connection, task, first, last)
    statement, parameters = members_measured(
        task.ladder, task.programme.versions, task.programme.id, task.day, chosen,
        sqlite=is_sqlite(connection), attention_only=True, ids_only=True, known=task.known,
    )  # fmt: skip
    ids = set(await connection.scalars(statement, parameters))
    if task.known is None:
        ids.update(await _touched(connection, task, first, last))
    return sorted(ids)


async def _touched(connection: AsyncConnection, task: Task, first: int, last: int) -> list[int]:
    return await member_queries.touched(
        connection, task.programme.id, Reader.STANDINGS, first=first, last=last, most=last - first + 1
    )


async def decide(connection: AsyncConnection, task: Task, ids: Sequence[int]) -> Report:
    """Locks the members, at most `LOOKED_AT_ONCE`, evaluates them and writes what changed.

    Nothing where the run is over, which the report says: whoever ends a run does so before it decides about anybody.
    """
    report = Report(task.day, everybody=True)
    await members.lock(connection, task.programme.id, ids)
    if not await _goes_on(connection, task):
        report.ended_early = True
        return report
    report.add(
        await decide_locked(
            connection, task.programme, task.ladder, task.day, ids, actor=task.actor, quiet=task.quiet, known=task.known
        )
    )
    return report


async def close_run(connection: AsyncConnection, task: Task) -> bool:
    """The day was run to its end; False where the run was over before. A version applied meanwhile keeps everybody
    touched, and so does a day made up; what such a day saw is kept, for nothing more is of that day.
    """
    if not await _goes_on(connection, task):
        return False
    mine = (RUN.c.programme_id == task.programme.id, RUN.c.day == task.day, RUN.c.finished_at.is_(None))
    seen = {"known_at": task.known.instant, "position": task.known.position} if task.known else {}
    await connection.execute(update(RUN).where(*mine).values(finished_at=now(), **seen))
    if task.known is None:
        await connection.execute(
            update(PROGRAMME)
            .where(PROGRAMME.c.id == task.programme.id, PROGRAMME.c.version == task.version)
            .values(everybody_touched=False)
        )
    return True


async def touched_once(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    ladder: Ladder,
    day: date,
    most: int = LOOKED_AT_ONCE,
    *,
    first: int = 0,
    actor: str = BY_RULES,
    quiet: bool = False,
) -> Prompt:
    """Evaluates at most `most` of those who were touched, from member id `first` on, in one transaction.

    It must wait until the run of `day` over everybody was begun, which ends the day before, and where a later one was.
    """
    ids = await members.lock_touched(connection, programme.id, Reader.STANDINGS, first=first, most=most)
    prompt = Prompt(Report(day, everybody=False))
    last = await newest_run(connection, programme.id)
    if last is None or last.day != day:
        prompt.must_wait = True
        return prompt
    judged = await decide_locked(connection, programme, ladder, day, ids, actor=actor, quiet=quiet)
    prompt.report.add(judged)
    prompt.more = ids[-1] + 1 if len(ids) == most else None
    return prompt


async def _goes_on(connection: AsyncConnection, task: Task) -> bool:
    return await under_way(connection, task.programme.id, task.day, task.version, made_up=task.known is not None)
