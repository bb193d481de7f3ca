"""Boards: what is shown of them against primary-key lookups, and exports against the database's own."""

from __future__ import annotations

import asyncio
import io
import os
import random
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import db
from community.leaderboards import actions
from community.leaderboards.exports import export
from community.leaderboards.queries.shown import around, board_of, top
from community.leaderboards.rules import Due
from community.members.models import MEMBER
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from tests.bench.dataset import SLUG, cache
from tests.bench.figures import Figure, interleaved, seconds
from tests.bench.memory import peak_of
from tests.bench.stage import CORES, RANGE, Stage

BOARD = "season"
SHOWN_LIMIT = 5.0
SHOWN_TIMES = 200
EXPORT_LIMITS = {"csv": 3.0, "parquet": 4.0}
FIRST_PLACES = 100
BARE_ROWS = """
    SELECT rank() OVER (ORDER BY value DESC), handle, name, country, tier, value, contributions
    FROM board_value JOIN member ON member.programme_id = 1 AND member.id = board_value.member_id
    LEFT JOIN standing ON standing.programme_id = 1 AND standing.member_id = board_value.member_id
    WHERE board_value.programme_id = 1 AND board = 'season' ORDER BY value DESC, board_value.folded
"""

Shown = Callable[[AsyncConnection, ProgrammeRow, str], Awaitable[object]]


async def refreshed(at: Stage) -> list[Figure]:
    """Bringing all values of the board to the day: the first time, and once more when nothing differs. Freezing it."""
    first = await seconds(lambda: _refresh(at, full=False))
    again = await seconds(lambda: _refresh(at, full=True))
    frozen = [await seconds(partial(_freeze, at, month)) for month in (2, 3)]
    return [
        at.figure("values of a board, all anew", first, note=f"{at.kind.members / first:,.0f} members/s"),
        at.figure("values of a board, all looked at, none differs", again, bound=at.full_seconds or None),
        at.figure("snapshot of a board, the first, with a digest of the whole ledger", frozen[0]),
        at.figure("snapshot of a board, one more", frozen[1], note=f"{at.kind.members / frozen[1]:,.0f} members/s"),
    ]


async def _refresh(at: Stage, *, full: bool) -> None:
    await actions.refresh(at.engine, SLUG, at.day, full=full, range_size=RANGE, connections=CORES)


async def _freeze(at: Stage, month: int) -> None:
    first = date(at.day.year, month, 1)
    due = Due(BOARD, first, date(at.day.year, month + 1, 1) - timedelta(days=1))
    async with db.writing(at.engine) as connection:
        await actions.freeze(connection, await programmes.programme(connection, SLUG), due)


async def shown(at: Stage) -> list[Figure]:
    """`boards show`: the first hundred places, and own places with five neighbours, against primary-key lookups."""
    await ready(at)
    handles = await _own_handles(at)

    async def first_places(connection: AsyncConnection, programme: ProgrammeRow, _handle: str) -> object:
        return await top(connection, programme, board_of(programme, BOARD), at.day, FIRST_PLACES)

    async def own_place(connection: AsyncConnection, programme: ProgrammeRow, handle: str) -> object:
        return await around(connection, programme, board_of(programme, BOARD), at.day, handle)

    async def by_key(connection: AsyncConnection, _programme: ProgrammeRow, handle: str) -> object:
        one = int(handle.removeprefix("Member"))
        statement = MEMBER.select().where(MEMBER.c.programme_id == 1, MEMBER.c.id == one)
        return (await connection.execute(statement)).one()

    works = [partial(_each, at, handles, one) for one in (first_places, own_place, by_key)]
    times = [one / len(handles) for one in await interleaved(at.repeats, *works)]
    note = "" if at.kind.members >= 1_000_000 else "the limit is for 1,000,000"
    return [
        at.figure("boards show, first 100 / primary-key lookup", times[0], bound=times[2], limit=SHOWN_LIMIT,
                  note=note),
        at.figure("boards show, own place ± 5 / primary-key lookup", times[1], bound=times[2], limit=SHOWN_LIMIT,
                  note=note),
    ]  # fmt: skip


async def _each(at: Stage, handles: list[str], work: Shown) -> None:
    async with db.reading(at.engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        for handle in handles:
            await work(connection, programme, handle)


async def _own_handles(at: Stage) -> list[str]:
    """Members on the board, taken at random."""
    async with db.reading(at.engine) as connection:
        rows = await connection.scalars(
            text("SELECT handle FROM member JOIN board_value ON member_id = id WHERE board = 'season' AND id % 47 = 0")
        )
        found = sorted(rows.all())
    return random.Random(1).sample(found, min(SHOWN_TIMES, len(found) // 10))


async def ready(at: Stage) -> None:
    """The values hold for the day, and the database knows its tables."""
    await _refresh(at, full=False)
    await settle(at)


async def settle(at: Stage) -> None:
    """What autovacuum does by itself after many rows were written."""
    if not at.sqlite:
        connection = await asyncpg.connect(at.url)
        await connection.execute("VACUUM (ANALYZE) board_value, board_tally, touched, standing, member")
        await connection.close()


async def exported(at: Stage) -> list[Figure]:
    """The whole board as CSV and as Parquet, against the same rows by the database's own means."""
    await ready(at)
    figures = []
    for file_format, limit in EXPORT_LIMITS.items():
        file = cache() / f"board-{os.getpid()}.{file_format}"
        ours, bare = await interleaved(at.repeats, partial(_export, at, file_format, file), partial(_bare_rows, at))
        at.peaks[file_format] = peak_of("export", at.url, file_format, str(file), at.day.isoformat())
        file.unlink(missing_ok=True)
        beside = "bare fetch" if at.sqlite else "COPY TO STDOUT"
        figures.append(
            at.figure(
                f"board as {file_format} / {beside}",
                ours,
                bound=bare,
                limit=limit,
                note=f"peak {at.peaks[file_format]:.0f} MB",
            )
        )
    return figures


async def _export(at: Stage, file_format: str, file: Path) -> int:
    async with db.reading(at.engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        return await export(connection, programme, board_of(programme, BOARD), at.day, file_format, file)


async def _bare_rows(at: Stage) -> None:
    if at.sqlite:
        await asyncio.to_thread(_fetch_bare, at.file)
        return
    connection = await asyncpg.connect(at.url, server_settings={"jit": "off"})
    await connection.copy_from_query(BARE_ROWS, output=_Counted(), format="csv", header=True)
    await connection.close()


class _Counted(io.RawIOBase):
    """Takes bytes and forgets them."""

    def write(self, data: Any) -> int:
        return len(data)


def _fetch_bare(file: Path) -> None:
    connection = sqlite3.connect(file)
    for _row in connection.execute(BARE_ROWS):
        pass
    connection.close()
