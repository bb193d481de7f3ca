"""A run over everybody against hand-written SQL that only evaluates, and against the way that is usually written."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from community.kit import db
from tests.bench import plainly
from tests.bench.figures import Figure, interleaved
from tests.bench.stage import CORES, RANGE, Stage, next_day

FULL_LIMIT = 1.5
ORM_LIMIT = 500.0
ORM_MEMBERS = 2_000
ORM_MEANT_FOR = 100_000


async def full_run(at: Stage) -> list[Figure]:
    """A run over everybody on a new day, against SQL that only evaluates; checked first to give the same levels."""
    wrong = await _differences(at)
    if wrong:
        raise AssertionError(f"{wrong} members stand elsewhere than the hand-written ladder says")
    await next_day(at)
    run, by_hand = await interleaved(at.repeats, lambda: next_day(at), lambda: hand_written(at))
    at.full_seconds = run
    per_second = at.kind.members / run
    with counted(at.engine) as statements:
        await next_day(at)
    return [
        at.figure("full run / hand-written SQL", run, bound=by_hand, limit=FULL_LIMIT,
                  note=f"{per_second:,.0f} members/s"),
        at.figure("statements per 1,000 members, full run", len(statements) / at.kind.members * 1000, unit="",
                  note=f"{len(statements)} in all; {_ranges(at)} ranges"),
    ]  # fmt: skip


async def hand_written(at: Stage) -> dict[int, int]:
    """How many members qualify for each level on the stage's day, by ranges on as many connections as cores."""
    ranges = [(first, first + RANGE - 1) for first in range(1, at.kind.members + 1, RANGE)]
    found = await (_tally_sqlite(at, ranges) if at.sqlite else _tally_postgres(at, ranges))
    return {level: sum(one.get(level, 0) for one in found) for level in range(4)}


async def _tally_postgres(at: Stage, ranges: list[tuple[int, int]]) -> list[dict[int, int]]:
    waiting = iter(ranges)
    statement = plainly.tally_sql(at.day, "{id} BETWEEN $1 AND $2", sqlite=False)

    async def work() -> list[dict[int, int]]:
        connection = await asyncpg.connect(at.url, server_settings={"jit": "off"})
        prepared = await connection.prepare(statement)
        found = [dict(await prepared.fetch(first, last)) for first, last in waiting]
        await connection.close()
        return found

    found = await asyncio.gather(*(work() for _ in range(CORES)))
    return list(itertools.chain.from_iterable(found))


async def _tally_sqlite(at: Stage, ranges: list[tuple[int, int]]) -> list[dict[int, int]]:
    statement = plainly.tally_sql(at.day, "{id} BETWEEN ? AND ?", sqlite=True)

    def work(place: int) -> list[dict[int, int]]:
        connection = sqlite3.connect(at.file)
        connection.execute("PRAGMA cache_size = -65536")
        found = [
            dict(connection.execute(statement, (first, last, first, last)).fetchall())
            for first, last in ranges[place::CORES]
        ]
        connection.close()
        return found

    found = await asyncio.gather(*(asyncio.to_thread(work, place) for place in range(CORES)))
    return list(itertools.chain.from_iterable(found))


async def _differences(at: Stage) -> int:
    """How many members the first run placed elsewhere than the hand-written ladder: the engine's level is that of a
    promotion that waits, else of the tier."""
    levels = " ".join(f"WHEN '{key}' THEN {level}" for level, key in enumerate(plainly.LEVELS) if key)
    rows = plainly.ladder_sql(at.day, "{id} > 0", sqlite=at.sqlite)
    async with db.reading(at.engine) as connection:
        found = await connection.scalar(
            text(f"""
                SELECT count(*) FROM ({rows}) AS plain
                LEFT JOIN standing ON standing.programme_id = 1 AND standing.member_id = plain.id
                WHERE level <> coalesce(CASE coalesce(proposal_tier, tier) {levels} END, 0)
            """)
        )
    return int(found or 0)


def _ranges(at: Stage) -> int:
    return -(-at.kind.members // RANGE)


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements that go through SQLAlchemy meanwhile; blocks of rows (COPY, executemany) go past it."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def usual_way(at: Stage) -> list[Figure]:
    """One ORM query per member and requirement, over some members, against a member's share of the full run."""
    count = min(ORM_MEMBERS, at.kind.members // 50)
    ids = random.Random(next(at.seeds)).sample(range(1, at.kind.members + 1), count)
    orm, full = await interleaved(1, lambda: _by_orm(at, ids), lambda: next_day(at))
    limit = ORM_LIMIT if at.kind.members >= ORM_MEANT_FOR else None
    return [
        at.figure(f"ORM, a query a requirement, {count:,} members / full run, per member",
                  full / at.kind.members, bound=orm / count, limit=limit, at_least=True)
    ]  # fmt: skip


async def _by_orm(at: Stage, ids: list[int]) -> list[tuple[int, bool]]:
    async with AsyncSession(at.engine) as session:
        return [await plainly.orm_verdict(session, one, at.day) for one in ids]
