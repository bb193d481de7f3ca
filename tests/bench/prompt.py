"""Prompt runs: over many touched members against a run over everybody, and over one after one contribution."""

from __future__ import annotations

import random
from datetime import timedelta

import aiosqlite
import asyncpg
from sqlalchemy import text

from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, arrivals, take_in
from community.kit import db
from community.members import actions as members
from community.members.models import Reader
from community.programmes import queries as programmes
from community.standings.actions.run import decide_about, refresh
from community.standings.rules.ladder import ladder_of
from tests.bench.dataset import SLUG
from tests.bench.figures import Figure, Prepared, interleaved
from tests.bench.generate import SHUFFLE
from tests.bench.stage import CORES, RANGE, Stage, next_day

LIMIT = 0.08
ONE_LIMIT = 3.0
ONE_IN_TOUCHED = 100
ONE_IN_BUSY = 1_000
REPEATS_OF_ONE = 30
MEANT_FOR = 1_000_000


async def prompt_runs(at: Stage) -> list[Figure]:
    """Runs over touched members: 1 % taken at random, and the 0.1 % who are busiest; each against a run over all."""
    share, busy = at.kind.members // ONE_IN_TOUCHED, max(1, at.kind.members // ONE_IN_BUSY)
    full, at_random, busiest = await interleaved(
        at.repeats,
        lambda: next_day(at),
        Prepared(lambda: _touch(at, _at_random(at, share)), lambda: touched_run(at)),
        Prepared(lambda: _touch(at, _busiest(at, busy)), lambda: touched_run(at)),
    )
    limit = LIMIT if at.kind.members >= MEANT_FOR else None
    note = "" if limit else "the limit is for 1,000,000"
    return [
        at.figure(f"prompt run, 1 % at random ({share:,}) / full run", at_random, bound=full, limit=limit, note=note),
        at.figure(f"prompt run, busiest 0.1 % ({busy:,}) / full run", busiest, bound=full, limit=limit, note=note),
    ]


async def touched_run(at: Stage) -> int:
    """Evaluates those who were touched; answers how many."""
    report = await refresh(at.engine, SLUG, at.day, actor="rules", range_size=RANGE, connections=CORES)
    assert not report.everybody
    return report.looked_at


async def _touch(at: Stage, ids: list[int]) -> None:
    async with db.writing(at.engine) as connection:
        await members.touch(connection, 1, ids, (Reader.STANDINGS,))


def _at_random(at: Stage, count: int) -> list[int]:
    return random.Random(next(at.seeds)).sample(range(1, at.kind.members + 1), count)


def _busiest(at: Stage, count: int) -> list[int]:
    return [1 + place * SHUFFLE % at.kind.members for place in range(count)]


async def one_member(at: Stage) -> list[Figure]:
    """One member after one contribution, evaluated by name as a job does it, or found by the mark as a run does it.

    Against one indexed query, one row written and a commit by the bare driver (and the same through SQLAlchemy).
    """
    ids = iter(_at_random(at, min(10 * REPEATS_OF_ONE, at.kind.members)))
    member = next(ids)

    async def another() -> None:
        nonlocal member
        await touched_run(at)
        member = next(ids)
        await contribute(at, member)

    bare = await _bare(at)
    try:
        decided, found, by_driver, by_core, taken = await interleaved(
            REPEATS_OF_ONE,
            Prepared(another, lambda: _decide(at, member)),
            Prepared(another, lambda: touched_run(at)),
            lambda: bare.query_and_commit(member),
            lambda: _by_core(at, member),
            lambda: contribute(at, next(ids)),
        )
    finally:
        await bare.close()
    note = f"the bare pair through SQLAlchemy: {by_core * 1e3:.2f} ms"
    beside = "after one contribution / bare query + commit"
    return [
        at.figure(f"one member evaluated {beside}", decided, bound=by_driver, limit=ONE_LIMIT, note=note),
        at.figure(f"a prompt run that finds one member {beside}", found, bound=by_driver, limit=ONE_LIMIT, note=note),
        at.figure("one contribution taken in and approved / bare query + commit", taken, bound=by_driver, note=note),
    ]


async def _decide(at: Stage, member_id: int) -> None:
    async with db.writing(at.engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        ladder = ladder_of(programme.book, programme.version)
        await decide_about(connection, programme, ladder, at.day, [member_id], actor="rules")


async def _by_core(at: Stage, member_id: int) -> None:
    async with db.writing(at.engine) as connection:
        await connection.execute(_CORE_SUM, {"member": member_id})
        await connection.execute(_CORE_WRITE)


async def contribute(at: Stage, member_id: int) -> None:
    """One more contribution of somebody, approved, in a transaction of its own."""
    place = next(at.seeds)
    fields = {"attendees": 60, "setting": "virtual"}
    content = Content("talk", "One more", None, at.day - timedelta(days=1), "fr", None, fields)
    async with db.writing(at.engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        row = Incoming(member_id, f"more-{place}", content, await arrivals(connection, programme.id, 1))
        await take_in(connection, programme, "bench-more", [row], approve=True, actor="bench")


SUM = "SELECT sum(points) FROM entry WHERE programme_id = 1 AND member_id = {mark} AND effective_on >= {day}"
WRITE = "UPDATE ledger_head SET number = number WHERE programme_id = 1"

_CORE_SUM = text(SUM.format(mark=":member", day="'2025-06-01'"))
_CORE_WRITE = text(WRITE)


class _BarePostgres:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def query_and_commit(self, member_id: int) -> None:
        async with self.connection.transaction():
            await self.connection.fetchval(SUM.format(mark="$1", day="DATE '2025-06-01'"), member_id)
            await self.connection.execute(WRITE)

    async def close(self) -> None:
        await self.connection.close()


class _BareSqlite:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.connection = connection

    async def query_and_commit(self, member_id: int) -> None:
        await self.connection.execute("BEGIN IMMEDIATE")
        found = await self.connection.execute(SUM.format(mark="?", day="'2025-06-01'"), (member_id,))
        await found.fetchone()
        await self.connection.execute(WRITE)
        await self.connection.execute("COMMIT")

    async def close(self) -> None:
        await self.connection.close()


async def _bare(at: Stage) -> _BarePostgres | _BareSqlite:
    if not at.sqlite:
        return _BarePostgres(await asyncpg.connect(at.url))
    connection = await aiosqlite.connect(at.file, isolation_level=None)
    await connection.execute("PRAGMA synchronous = NORMAL")
    return _BareSqlite(connection)
