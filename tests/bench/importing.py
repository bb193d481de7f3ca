"""Importing a file with approval, against a plain COPY (PostgreSQL) or executemany (SQLite) of the rows it leads to."""

from __future__ import annotations

import asyncio
import csv
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from community.intake.files.contributions import ContributionOptions, import_contributions
from community.intake.files.groups import Source
from community.kit import db
from tests.bench import generate
from tests.bench.dataset import SLUG, cache, empty
from tests.bench.figures import Figure, Prepared, interleaved
from tests.bench.generate import LAST_DAY, PER_MEMBER, Dialect
from tests.bench.memory import peak_of

LIMIT = 3.0
MEMORY_LIMIT = 1.2
ROWS = 100_000
QUICK_ROWS = 10_000
MANY_ROWS = 1_000_000
WRITTEN = ("contribution", "entry", "touched")
COLUMNS = ("id", "handle", "type", "title", "url", "occurred_on", "language", "attendees", "setting")


async def imported(database: str, repeats: int, *, quick: bool) -> list[Figure]:
    """Rows a second of an import with approval, and how many times longer it takes than the bare rows."""
    rows = QUICK_ROWS if quick else ROWS
    file = cache() / f"import-{os.getpid()}.csv"
    write_file(file, rows)
    try:
        async with _pair(database, rows // PER_MEMBER) as pair:
            ours, bare = await interleaved(
                repeats, Prepared(pair.emptied, lambda: pair.take_in(file)), Prepared(pair.emptied_copy, pair.copy)
            )
    finally:
        file.unlink()
    name = "executemany" if database == "sqlite" else "COPY"
    return [
        Figure(f"import of {rows:,} rows with approval / {name} of the same rows", database, rows // PER_MEMBER, ours,
               bound=bare, limit=LIMIT, note=f"{rows / ours:,.0f} rows/s against {rows / bare:,.0f}")
    ]  # fmt: skip


async def memory(database: str, _repeats: int, *, quick: bool) -> list[Figure]:
    """Peak memory of an import of ten times as many rows against that of an import."""
    few, many = (QUICK_ROWS, QUICK_ROWS * 2) if quick else (ROWS, MANY_ROWS)
    peaks = [await _peak(database, rows) for rows in (few, many)]
    return [
        Figure(f"peak memory, import of {many:,} rows / of {few:,}", database, many // PER_MEMBER, peaks[1],
               bound=peaks[0], limit=MEMORY_LIMIT, unit="MB")
    ]  # fmt: skip


async def _peak(database: str, rows: int) -> float:
    file = cache() / f"import-{os.getpid()}.csv"
    write_file(file, rows)
    try:
        async with empty(database, "memory") as url:
            await _with_members(url, rows // PER_MEMBER)
            return await asyncio.to_thread(peak_of, "import", url, str(file), str(cache()))
    finally:
        file.unlink()


def write_file(path: Path, rows: int) -> None:
    """A file of contributions in no order of members, skewed as the data set is."""
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(rows))


def _rows(count: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(20)
    members = count // PER_MEMBER
    for place in range(count):
        u = chance.random()
        member = int(members * (0.03 * u + 0.9699 * u**5)) + 1
        kind = chance.choices(("talk", "post", "answer"), (15, 35, 50))[0]
        day = LAST_DAY - timedelta(days=chance.randrange(generate.DAYS))
        attendees, setting = chance.randrange(10, 1500), chance.choice(("in-person", "virtual", "hybrid"))
        yield (
            f"c{place}", f"Member{member:07d}", kind, f"Contribution number {place}", f"https://example.org/{place}",
            day, chance.choice(("fr", "en", "en")), *((attendees, setting) if kind == "talk" else ("", "")),
        )  # fmt: skip


async def _with_members(url: str, members: int) -> None:
    """Members as the generator makes them."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(str(make_url(url).database))
        connection.execute(next(generate.statements(Dialect(sqlite=True), members, contributions=False)))
        connection.commit()
        connection.close()
        return
    server = await asyncpg.connect(url)
    await server.execute(next(generate.statements(Dialect(sqlite=False), members, contributions=False)))
    await server.execute("VACUUM (ANALYZE)")
    await server.close()


class _Sqlite:
    """Two files, for the import and for the bare rows that it led to."""

    def __init__(self, first: str, second: str) -> None:
        self.urls = (first, second)
        self.files = [Path(str(make_url(url).database)) for url in self.urls]
        self.kept = [file.with_suffix(".kept") for file in self.files]
        self.rows: dict[str, list[tuple[object, ...]]] = {}

    async def keep(self) -> None:
        """Keeps the files as they are before any row, to begin from again."""
        for file, kept in zip(self.files, self.kept, strict=True):
            connection = sqlite3.connect(file)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            shutil.copyfile(file, kept)

    async def emptied(self) -> None:
        self._restore(0)

    async def emptied_copy(self) -> None:
        """The second file emptied, and the rows at hand that the import wrote into the first."""
        self._restore(1)
        source = sqlite3.connect(self.files[0])
        self.rows = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in WRITTEN}
        source.close()

    def _restore(self, place: int) -> None:
        for end in ("-wal", "-shm"):
            Path(f"{self.files[place]}{end}").unlink(missing_ok=True)
        shutil.copyfile(self.kept[place], self.files[place])

    async def take_in(self, file: Path) -> None:
        await take_in(self.urls[0], file)

    async def copy(self) -> None:
        await asyncio.to_thread(self._copy)

    def _copy(self) -> None:
        connection = sqlite3.connect(self.files[1], isolation_level=None)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        for name, rows in self.rows.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        connection.execute("COMMIT")
        connection.close()

    async def close(self) -> None:
        for kept in self.kept:
            kept.unlink(missing_ok=True)


class _Postgres:
    """Two databases, for the import and for the bare rows that it led to."""

    def __init__(self, first: str, second: str) -> None:
        self.urls = (first, second)
        self.folder = Path(tempfile.mkdtemp(prefix="copied-", dir=cache()))

    async def keep(self) -> None:
        """Nothing to keep: tables are emptied."""

    async def emptied(self) -> None:
        await self._empty(self.urls[0])

    async def emptied_copy(self) -> None:
        """The second database emptied, and the rows at hand that the import wrote into the first."""
        await self._empty(self.urls[1])
        source = await asyncpg.connect(self.urls[0])
        for name in WRITTEN:
            await source.copy_from_table(name, output=str(self.folder / name), format="binary")
        await source.close()

    async def _empty(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(f"TRUNCATE {', '.join(WRITTEN)}, revision, part")
        await connection.execute("UPDATE ledger_head SET number = 0")
        await connection.execute("UPDATE arrival_head SET number = 0")
        await connection.execute("CHECKPOINT")
        await connection.close()

    async def take_in(self, file: Path) -> None:
        await take_in(self.urls[0], file)

    async def copy(self) -> None:
        connection = await asyncpg.connect(self.urls[1])
        async with connection.transaction():
            for name in WRITTEN:
                await connection.copy_to_table(name, source=str(self.folder / name), format="binary")
        await connection.close()

    async def close(self) -> None:
        shutil.rmtree(self.folder)


async def take_in(url: str, file: Path) -> None:
    """The import as the command does it, without the start of the process."""
    engine = db.create_engine(url)
    report = await import_contributions(
        engine, SLUG, Source(str(file), cache()), ContributionOptions(approve=True), actor="bench"
    )
    assert not report.counts.refused
    await engine.dispose()


@asynccontextmanager
async def _pair(database: str, members: int) -> AsyncIterator[_Sqlite | _Postgres]:
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(empty(database, name)) for name in ("imported", "copied")]
        for url in urls:
            await _with_members(url, members)
        pair = _Sqlite(*urls) if database == "sqlite" else _Postgres(*urls)
        await pair.keep()
        try:
            yield pair
        finally:
            await pair.close()
