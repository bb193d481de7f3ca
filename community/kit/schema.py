"""The schema of the database: is it at head, and bringing it there.

On SQLite any command brings an empty or older file up to date, after a copy of the file; on PostgreSQL the command
says `community db upgrade` and stops (house, decision 7).
"""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import count
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import sqlite_file
from community.kit.clock import now
from community.kit.db import is_sqlite, reading, writing
from community.kit.errors import MachineryError

LOCK_WAIT_MILLISECONDS = 2_000
LOCK_TRIES = 30
LOCK_NOT_AVAILABLE = "55P03"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration: the migrations of this package, on an open connection."""
    found = Config()
    found.set_main_option("script_location", "community:migrations")
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found


@cache
def head() -> str:
    """The newest revision that this package knows."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    if newest is None:
        raise MachineryError("this installation lacks its migrations")
    return newest


@cache
def is_known(wanted: str) -> bool:
    """Whether this package knows a revision; one that it does not know is newer."""
    return any(one.revision == wanted for one in ScriptDirectory.from_config(config()).walk_revisions())


async def revision(engine: AsyncEngine) -> str | None:
    """The revision of the database; None for an empty one."""
    async with reading(engine) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def upgrade(engine: AsyncEngine, *, keep: bool = True) -> bool:
    """Brings the database to head; answers whether there was anything to do.

    An older SQLite file is copied first, unless `keep` says that nobody would miss it.
    """
    present = await revision(engine)
    if present == head():
        return False
    if _is_newer(present):
        raise MachineryError(
            f"the database is at revision {present}, of a newer version; this one knows up to {head()}"
        )
    if keep and present is not None and is_sqlite(engine) and engine.url.database:
        file = Path(engine.url.database).expanduser()
        sqlite_file.copy(file, file.with_name(f"{file.name}.before-{present}-{now():%Y%m%dT%H%M%S}"))
    await _to_head(engine)
    return True


async def _to_head(engine: AsyncEngine) -> None:
    """All steps in one transaction. On PostgreSQL a step that waits for a lock holds up whoever comes after it, so it
    gives up soon, and all of it is tried again. Raises MachineryError where others keep the tables locked.
    """
    for tried in count(1):
        try:
            async with writing(engine) as connection:
                if not is_sqlite(engine):
                    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_WAIT_MILLISECONDS}")
                await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
            return
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            if tried == LOCK_TRIES:
                raise MachineryError(
                    f"others kept tables locked through {LOCK_TRIES} tries: look for long transactions, then try again"
                ) from error
        await asyncio.sleep(LOCK_WAIT_MILLISECONDS / 1000)


async def ensure(engine: AsyncEngine) -> None:
    """The database is at head after this. Raises MachineryError where that is the operator's to do.

    A newer one is taken as it is: a version only adds to what the one before needs, so that an upgrade finds both at
    work, and may be taken back.
    """
    present = await revision(engine)
    if present == head() or _is_newer(present):
        return
    if is_sqlite(engine):
        await upgrade(engine)
    else:
        state = "empty" if present is None else f"at revision {present}"
        raise MachineryError(f"the database is {state}, this version needs {head()}: run `community db upgrade`")


def _is_newer(present: str | None) -> bool:
    return present is not None and not is_known(present)
