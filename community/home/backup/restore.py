"""Putting a backup in the place of a SQLite database, which is kept beside."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.exc import DBAPIError

from community.home.backup.prove import Proved, prove, refused
from community.home.backup.queries import positions
from community.kit import sqlite_file
from community.kit.clock import now
from community.kit.db import create_engine, reading, sqlite_url
from community.kit.errors import Conflict, MachineryError, NotFound, UsageError

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or would do (`done`): what the backup holds, and what it replaces.

    `before` has the ledger positions of the present database by programme; None where there is none to be read. `kept`
    is the name under which it stays.
    """

    proved: Proved
    before: Mapping[str, int] | None
    kept: Path | None
    done: bool

    @property
    def lost(self) -> dict[str, int]:
        """How many entries of a programme the present database has and the backup has not, where there are any."""
        there = {one.slug: one.position for one in self.proved.programmes}
        more = {slug: number - there.get(slug, 0) for slug, number in (self.before or {}).items()}
        return {slug: number for slug, number in more.items() if number > 0}


async def restore(backup: Path, database: Path, *, yes: bool = False, despite_differences: bool = False) -> Restored:
    """Proves a backup and puts it in the place of the database. The backup itself is only read.

    What is proved is a copy, and that copy is what is put in place. Without `yes` a database that is there stays, and
    only what would be done is answered. Raises InputRefused for what is no good backup, and Conflict for one in which
    `verify` finds differences (unless `despite_differences`) and where a process has the present database open.
    """
    if not backup.is_file():
        raise NotFound(f"there is no file {backup}")
    if database.exists() and database.samefile(backup):
        raise UsageError(f"{backup} is the database itself")
    database.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restore-", dir=database.parent) as folder:
        made = Path(folder) / "restored.sqlite3"
        if sqlite_file.is_cut(backup):
            raise refused(str(backup), "a file that was cut off", "a backup made by `community backup`")
        try:
            sqlite_file.copy(backup, made, at_rest=True)
        except sqlite3.OperationalError as error:
            raise MachineryError(f"{backup} was not restored: {error}") from error
        except sqlite3.DatabaseError as error:
            raise refused(str(backup), str(error), "a backup made by `community backup`") from None
        proved = await prove(made, str(backup))
        if proved.differences and not despite_differences:
            shown = [f"{one.slug}: {difference}" for one in proved.programmes for difference in one.shown]
            raise Conflict("\n".join([f"{backup} was not restored: its ledger does not hold", *shown[:SHOWN]]))
        before = await _positions(database) if database.exists() else None
        done = yes or not database.exists()
        return Restored(proved, before, _put(made, database) if done else None, done)


def _put(made: Path, database: Path) -> Path | None:
    """Puts a proved copy in place; answers the name that the database before it has now, if there was one."""
    there = database.exists()
    kept = database.with_name(f"{database.name}.before-restore-{now():%Y%m%dT%H%M%S}")
    try:
        if there:
            sqlite_file.settle(database)
        sqlite_file.settle(made)
    except sqlite3.Error as error:
        raise MachineryError(f"nothing was restored to {database}: {error}") from error
    sqlite_file.owned_like(made, database if there else database.parent)
    sqlite_file.put_in_place(made, database, kept)
    return kept if there else None


async def _positions(database: Path) -> dict[str, int] | None:
    engine = create_engine(sqlite_url(database), 1)
    try:
        async with reading(engine) as connection:
            return await positions(connection)
    except (DBAPIError, sqlite3.DatabaseError):  # damaged, which may be why it is replaced
        return None
    finally:
        await engine.dispose()
