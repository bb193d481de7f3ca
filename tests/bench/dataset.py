"""Data sets: generated once inside a database, kept as a template, copied for each run of the benches.

On PostgreSQL a template is a database `community_bench_<members>_<digest>`, on SQLite a file in the cache folder; each
copy is brought to the newest schema, as an installation is.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from community.contributions.actions.take_in import open_line
from community.kit import clock, db, schema
from community.ledger import actions as ledger
from community.programmes import actions as programmes
from community.programmes import presets
from community.programmes.parse import parse
from community.standings.actions.run import refresh
from tests.bench import generate
from tests.bench.digest import PRESET, digest
from tests.bench.generate import LAST_DAY, Dialect

POSTGRES = os.environ.get("COMMUNITY_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
NOON = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 12, tzinfo=UTC)
SLUG = "aces"
WITH_CONTRIBUTIONS = 300_000
"""Up to so many members the contributions are stored too; beyond, the ledger alone, which is all the engine reads."""
BYTES_PER_MEMBER = {True: 18_000, False: 8_000}
"""Disk that one member takes in a copy, with and without contributions, generously."""
DATABASES = ("sqlite", "postgres")


class NotMade(Exception):
    """A data set cannot be made here; the message says why."""


@dataclass(frozen=True)
class Kind:
    """A data set: on which database, and of how many members."""

    database: str
    members: int

    @property
    def sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.database == "sqlite"

    @property
    def contributions(self) -> bool:
        """Whether contributions are stored, too."""
        return self.members <= WITH_CONTRIBUTIONS

    @property
    def name(self) -> str:
        """The name of its template."""
        return f"community_bench_{self.members}_{digest()}"


def cache() -> Path:
    """The folder that keeps SQLite templates and files of the benches."""
    folder = Path(os.environ.get("COMMUNITY_BENCH_CACHE") or Path(tempfile.gettempdir()) / "community-bench")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def copied(kind: Kind) -> AsyncIterator[str]:
    """The URL of a fresh copy of a data set, which is dropped afterwards. Raises NotMade."""
    await _refuse_if_too_big(kind)
    await _make(kind)
    work = f"community_bench_work_{os.getpid()}"
    if kind.sqlite:
        file = cache() / f"{work}.sqlite3"
        await asyncio.to_thread(shutil.copyfile, _file(kind), file)
        try:
            await _to_newest(f"sqlite:///{file}")
            yield f"sqlite:///{file}"
        finally:
            _remove(file)
        return
    await on_server(f'CREATE DATABASE "{work}" TEMPLATE "{kind.name}" STRATEGY file_copy')
    try:
        await _to_newest(postgres_url(work))
        yield postgres_url(work)
    finally:
        await on_server(f'DROP DATABASE "{work}" WITH (FORCE)')


@asynccontextmanager
async def empty(database: str, name: str) -> AsyncIterator[str]:
    """The URL of a migrated database with the programme and its book, and nobody in it; dropped afterwards."""
    work = f"community_bench_{name}_{os.getpid()}"
    if database == "sqlite":
        file = cache() / f"{work}.sqlite3"
        _remove(file)
        try:
            await _with_programme(f"sqlite:///{file}")
            yield f"sqlite:///{file}"
        finally:
            _remove(file)
        return
    await on_server(f'DROP DATABASE IF EXISTS "{work}" WITH (FORCE)')
    await on_server(f"CREATE DATABASE \"{work}\" ENCODING 'UTF8' TEMPLATE template0")
    try:
        await _with_programme(postgres_url(work))
        yield postgres_url(work)
    finally:
        await on_server(f'DROP DATABASE "{work}" WITH (FORCE)')


async def drop_old() -> list[str]:
    """Drops templates that are out of date, and what killed runs left behind; answers the names."""
    dropped = []
    for file in cache().iterdir():
        if file.name.startswith("community_bench_") and _is_old(file.name.partition(".")[0]):
            file.unlink()
            dropped.append(file.name)
    try:
        names = await _server_names()
    except OSError:  # no server: nothing there to drop
        return dropped
    for name in names:
        if _is_old(name):
            await on_server(f'DROP DATABASE "{name}" WITH (FORCE)')
            dropped.append(name)
    return dropped


def _is_old(name: str) -> bool:
    """Whether nobody needs it: a template of another digest, or the work of a process that is gone (its id ends it)."""
    if re.fullmatch(r"community_bench_[0-9]+_[0-9a-f]{10}", name):
        return not name.endswith(digest())
    process = name.rpartition("_")[2]
    return not (process.isdecimal() and Path(f"/proc/{process}").exists())


def postgres_url(name: str) -> str:
    """The URL of a database on the server of the tests."""
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)


async def on_server(statement: str) -> None:
    """Runs a statement about databases on the server of the tests."""
    connection = await asyncpg.connect(POSTGRES, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _server_names() -> list[str]:
    connection = await asyncpg.connect(POSTGRES, timeout=10)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'community\\_bench\\_%'")
    finally:
        await connection.close()
    return [str(row[0]) for row in rows]


async def _refuse_if_too_big(kind: Kind) -> None:
    """Raises NotMade where the disk does not hold a copy (and the template, where there is none yet)."""
    folder = cache() if kind.sqlite else await _server_folder()
    if not folder.exists():  # a server elsewhere: its disk cannot be asked from here
        return
    copies = 1 if await _is_made(kind) else 2
    needed = copies * kind.members * BYTES_PER_MEMBER[kind.contributions]
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NotMade(
            f"{kind.members:,} members on {kind.database} need {needed / 1e9:.1f} GB of disk, {folder} has "
            f"{free / 1e9:.1f} GB free: choose fewer with --members, or another folder with COMMUNITY_BENCH_CACHE"
        )


async def _is_made(kind: Kind) -> bool:
    return _file(kind).exists() if kind.sqlite else kind.name in await _server_names()


async def _server_folder() -> Path:
    connection = await asyncpg.connect(POSTGRES, timeout=10)
    try:
        return Path(str(await connection.fetchval("SHOW data_directory")))
    finally:
        await connection.close()


async def _make(kind: Kind) -> None:
    """Makes the template where it is not there yet; half-made ones have another name."""
    if await _is_made(kind):
        return
    if kind.sqlite:
        half = cache() / f"{kind.name}_half_{os.getpid()}.sqlite3"
        _remove(half)
        await _with_programme(f"sqlite:///{half}")
        await asyncio.to_thread(_fill_sqlite, kind, half)
        await _first_run(f"sqlite:///{half}")
        await asyncio.to_thread(_checkpoint, half)
        half.rename(_file(kind))
        return
    half_name = f"{kind.name}_half_{os.getpid()}"
    await on_server(f'DROP DATABASE IF EXISTS "{half_name}" WITH (FORCE)')
    await on_server(f"CREATE DATABASE \"{half_name}\" ENCODING 'UTF8' TEMPLATE template0")
    await _with_programme(postgres_url(half_name))
    await _fill_postgres(kind, postgres_url(half_name))
    await _first_run(postgres_url(half_name))
    await vacuum(postgres_url(half_name))
    await on_server(f'ALTER DATABASE "{half_name}" RENAME TO "{kind.name}"')


def _file(kind: Kind) -> Path:
    return cache() / f"{kind.name}.sqlite3"


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)


async def _with_programme(url: str) -> None:
    """A migrated database with programme 1 and its book."""
    engine = db.create_engine(url)
    await schema.upgrade(engine)
    text = presets.text(PRESET)
    version = programmes.NewVersion(parse(text, PRESET).book, text)
    with clock.stopped(NOON):
        async with db.writing(engine) as connection:
            made = await programmes.create(connection, version, "bench")
            await ledger.open_ledger(connection, made)
            await open_line(connection, made)
    await engine.dispose()


async def _to_newest(url: str) -> None:
    """Brings a copy of a template, which may be older than this version, to the newest schema."""
    engine = db.create_engine(url)
    await schema.upgrade(engine, keep=False)
    await engine.dispose()


async def _first_run(url: str) -> None:
    """Places everybody, quietly, on the last day of the data."""
    engine = db.create_engine(url)
    with clock.stopped(NOON):
        await refresh(engine, SLUG, LAST_DAY, actor="rules", connections=os.cpu_count() or 1)
    await engine.dispose()


def _fill_sqlite(kind: Kind, file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    later = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name IN ('entry', 'contribution', 'member')"
    ).fetchall()
    for name, _statement in later:
        connection.execute(f"DROP INDEX {name}")
    for statement in generate.statements(Dialect(sqlite=True), kind.members, contributions=kind.contributions):
        connection.execute(statement)
    for _name, statement in later:
        connection.execute(statement)
    connection.close()


def _checkpoint(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _fill_postgres(kind: Kind, url: str) -> None:
    """Fills the tables without triggers (foreign keys are triggers, too), plain indexes made at the end."""
    connection = await asyncpg.connect(url)
    for setting in (
        "session_replication_role = replica", "synchronous_commit = off", "work_mem = '256MB'",
        "maintenance_work_mem = '512MB'", "jit = off",
    ):  # fmt: skip
        await connection.execute(f"SET {setting}")
    later = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix\\_%' "
        "AND tablename IN ('entry', 'contribution', 'member')"
    )
    for name, _definition in later:
        await connection.execute(f'DROP INDEX "{name}"')
    for statement in generate.statements(Dialect(sqlite=False), kind.members, contributions=kind.contributions):
        await connection.execute(statement)
    for _name, definition in later:
        await connection.execute(definition)
    await connection.execute("SELECT setval(pg_get_serial_sequence('member', 'id'), max(id)) FROM member")
    await connection.close()
    await vacuum(url)


async def vacuum(url: str) -> None:
    """What an operator does after a bulk load (and autovacuum by itself): index-only scans need it."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()
