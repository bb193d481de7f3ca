"""Taking a backup of a SQLite database while it is in use."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from community.home.backup.prove import Proved, prove
from community.kit import sqlite_file
from community.kit.errors import Conflict, MachineryError, NotFound, UsageError


async def take(database: Path, target: Path, *, overwrite: bool = False) -> Proved:
    """Writes a backup of a database to `target`, whole or not at all, once it is sound; answers what the proof says.

    Where `verify` finds differences the backup is written all the same, for there may be no better one: whoever asked
    must be told. Raises Conflict where `target` is there already, and MachineryError where the database is damaged.
    """
    if not database.exists():
        raise NotFound(f"there is no database {database}")
    if not target.parent.is_dir() or target.is_dir():
        raise UsageError(f"found {target}; accepted: a file in a folder that is there")
    if target.exists():
        if target.samefile(database):
            raise UsageError(f"{target} is the database itself")
        if not overwrite:
            raise Conflict(f"{target} is there already: --yes replaces it")
    if strays := sqlite_file.besides(target):
        raise Conflict(f"{strays[0]} is there, and would be taken for a part of the backup: remove it first")
    with TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
        made = Path(folder) / "backup.sqlite3"
        try:
            sqlite_file.copy(database, made)
            if (damage := sqlite_file.damage(made)) is not None:
                raise MachineryError(f"{database} is damaged, no backup was made: {damage}")
            proved = await prove(made, str(database))
            sqlite_file.settle(made)
            sqlite_file.put_in_place(made, target)
        except sqlite3.Error as error:
            raise MachineryError(f"no backup was made of {database}: {error}") from error
    return proved
