"""The database: one engine for SQLite and PostgreSQL, the column types, and rows in bulk.

SQLite's driver begins transactions late and loses updates silently (120 concurrent read-then-write transactions ended
at 16): the driver's own transaction handling is switched off, and a transaction begins with BEGIN IMMEDIATE, or with
plain BEGIN where `reading()` says that it will write nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import uniform
from typing import Any, Protocol, TypeVar
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, Table, event, inspect, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from community.kit import sqlite_driver
from community.kit.errors import UsageError

BUSY_TIMEOUT_SECONDS = 30
TRIES = 6
POSTGRES_SETTINGS = {
    "application_name": "community",
    "jit": "off",  # compiling takes longer than any statement of ours
    "random_page_cost": "1.1",  # for disks without arms, which keep the index-only scans
    "max_parallel_workers_per_gather": "0",  # runs are parallel by ranges
}

SERVES = "community serves"
"""So begin the application names of sessions of processes that serve, which tell the process, too."""
SILENT_SECONDS = 30
"""A process that serves and says nothing for so long in the middle of a transaction, loses it."""

Result = TypeVar("Result")

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata

Big = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself only for INTEGER
Ordered = String(collation="C").with_variant(String(collation="BINARY"), "sqlite")  # by code points on both
Json = JSON().with_variant(JSONB(), "postgresql")
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A UTC instant. Naive values are refused; SQLite gives naive ones back, so they are made aware again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs an offset: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def table(model: type[SQLModel]) -> Table:
    """The Core table behind a table model."""
    found = inspect(model).local_table
    assert isinstance(found, Table)
    return found


def driver_url(url: str) -> URL:
    """`sqlite:///…` and `postgresql://…` with the driver that is ours to add. Raises UsageError for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("COMMUNITY_DATABASE_URL: accepted: sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    if parsed.drivername not in drivers:
        raise UsageError(
            f"COMMUNITY_DATABASE_URL: found {parsed.drivername}://…; accepted: sqlite:///FILE or postgresql://…"
        )
    return parsed.set(drivername=drivers[parsed.drivername])


def sqlite_url(file: Path) -> str:
    """The URL of a SQLite file, whatever its name."""
    return f"sqlite:///{quote(str(file))}"


def create_engine(url: str, connections: int = 4, wait_seconds: float = 30, serves: bool = False) -> AsyncEngine:
    """An engine for a plain URL, with `connections` connections kept open at most besides one for the writer.

    Whoever finds all of them taken waits for `wait_seconds`. A transaction of a process that `serves`
    is rolled back by PostgreSQL once it says nothing for SILENT_SECONDS: one that was stopped, or whose machine is
    gone, keeps no rows locked (within a statement, `end_silent` sees to it). No error shows the values of a statement.
    """
    pool: dict[str, Any] = {"pool_size": connections + 1, "max_overflow": 0, "pool_timeout": wait_seconds}
    parsed = driver_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(parsed, module=sqlite_driver.module(), hide_parameters=True, **pool)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    idle = {}
    if serves:
        idle = {"application_name": _serving(), "idle_in_transaction_session_timeout": str(SILENT_SECONDS * 1000)}
    engine = create_async_engine(
        parsed,
        hide_parameters=True,
        **pool,
        connect_args={"server_settings": {**POSTGRES_SETTINGS, **idle}, "timeout": 10},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(_connection: Any, record: Any, _proxy: Any) -> None:
    """A connection that the server closed meanwhile is replaced before it is used, without asking the server."""
    if record.driver_connection.is_closed():
        raise DisconnectionError


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that only reads: on SQLite it does not wait for a writer, and sees one state throughout.

    PostgreSQL refuses a write; on SQLite it would be taken back in the end.
    """
    async with engine.connect() as connection:
        if is_sqlite(connection):
            connection = await connection.execution_options(reads_only=True)
        else:
            connection = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with connection.begin() as transaction:
            yield connection
            await transaction.rollback()


@dataclass(slots=True)
class Happened:
    """What happened in a transaction: (verb, programme id) pairs, and the ids of the records of verbs in `by_record`.

    `told`: what was written for others to do, of which they are told after the commit.
    """

    by_record: frozenset[str] = frozenset()
    verbs: set[tuple[str, int | None]] = field(default_factory=set)
    records: list[tuple[str, int | None, int]] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)


class Follower(Protocol):
    """What an engine's writing transactions lead to (`flow.py` says what). `by_record`: verbs of which it wants ids."""

    by_record: frozenset[str]

    async def before_commit(self, connection: AsyncConnection, happened: Happened) -> None:
        """Writes what follows, in the transaction, and adds to `happened.told`."""

    async def after_commit(self, told: Sequence[Any]) -> None:
        """Tells whoever does what follows; raises nothing, for the work is done."""


_followers: WeakKeyDictionary[Engine, Follower] = WeakKeyDictionary()
HAPPENED = "happened"


def follow(engine: AsyncEngine, follower: Follower) -> None:
    """From now on, what happens in the engine's writing transactions is turned into what follows from it."""
    _followers[engine.sync_engine] = follower


def happened(connection: AsyncConnection) -> Happened | None:
    """What happened so far in the writing transaction; None where nobody follows."""
    found: Happened | None = connection.info.get(HAPPENED)
    return found


def note(connection: AsyncConnection, verb: str, programme_id: int | None) -> None:
    """Something happened in this transaction from which jobs may follow."""
    so_far = happened(connection)
    if so_far is not None:
        so_far.verbs.add((verb, programme_id))


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """The unit of work: one transaction, committed at the end of the block, rolled back when it raises.

    Nobody else commits. What follows from what happened is written with it, and told after the commit.
    """
    follower = _followers.get(engine.sync_engine)
    async with engine.connect() as connection:
        if follower is None:
            connection.info.pop(HAPPENED, None)
            async with connection.begin():
                yield connection
            return
        so_far = connection.info[HAPPENED] = Happened(follower.by_record)
        async with connection.begin():
            yield connection
            if so_far.verbs:
                await follower.before_commit(connection, so_far)
    if so_far.told:
        await follower.after_commit(so_far.told)


async def end_silent(engine: AsyncEngine) -> int:
    """Ends the transactions of processes that serve, and said nothing in any of their sessions for SILENT_SECONDS.

    PostgreSQL by itself ends a transaction that waits between two statements, and not one that waits between the parts
    of one (parsed and not yet run); and whoever of the same process waited for its locks gets them next, and waits as
    long again. Answers how many sessions were ended.
    """
    if is_sqlite(engine):
        return 0
    async with engine.connect() as connection:
        return int(await connection.scalar(_END_SILENT, {"serves": SERVES, "seconds": SILENT_SECONDS}) or 0)


_END_SILENT = text("""
WITH session AS (
    SELECT pid, application_name, query_start, xact_start IS NOT NULL AND wait_event = 'ClientRead' AS waits_for_it,
           xact_start IS NOT NULL AND wait_event_type = 'Lock' AS waits_for_locks
    FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND starts_with(application_name, :serves)
), silent AS (
    SELECT application_name FROM session GROUP BY application_name
    HAVING bool_or(waits_for_it) AND max(query_start) < clock_timestamp() - make_interval(secs => :seconds)
)
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM session
WHERE application_name IN (SELECT application_name FROM silent) AND (waits_for_it OR waits_for_locks)
""")


def _serving() -> str:
    return f"{SERVES} {socket.gethostname()[:24]}:{os.getpid()}"


async def plan_anew(connection: AsyncConnection) -> None:
    """Until the transaction ends PostgreSQL plans for the values at hand: right for statements over many members.

    Never around writes: it would plan every check of a foreign key anew, too, which makes a COPY twice as slow.
    """
    if not is_sqlite(connection):
        await connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def is_sqlite(connection: AsyncConnection | AsyncEngine) -> bool:
    """Whether this is SQLite (else PostgreSQL)."""
    return connection.dialect.name == "sqlite"


async def retried(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Does `work` in one transaction, again from its start where another transaction came between.

    That is so where both inserted the same key at the same time, or locked what the other held.
    """
    for tried in count(1):
        try:
            async with writing(engine) as connection:
                return await work(connection)
        except DBAPIError as error:
            if tried == TRIES or not _came_between(error):
                raise
            await asyncio.sleep(uniform(0.01, 0.05) * tried)  # noqa: S311 - to keep two from colliding in step
    raise AssertionError("unreachable")


def _came_between(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") in ("40001", "40P01")
