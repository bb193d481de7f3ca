"""`community backup FILE` and `community restore FILE`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from community.home.backup.on_postgres import how_to_back_up, how_to_restore
from community.home.backup.prove import Proved
from community.home.backup.restore import restore as put_back
from community.home.backup.take import take
from community.kit import console, settings
from community.kit.db import driver_url
from community.kit.errors import UsageError

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.")]


def backup(
    file: BackupFile,
    yes: Annotated[bool, typer.Option("--yes", help="Replace FILE if it is there.")] = False,
) -> None:
    """Write a backup to FILE while everything runs, and prove it.

    It is called good once SQLite finds it sound and nothing in it differs from what its ledger gives.
    """
    present = settings.load()
    database = _file_of(present.url)
    if database is None:
        raise UsageError(how_to_back_up(present.url, file))
    proved = asyncio.run(take(database, file, overwrite=yes))
    _show(proved)
    if proved.differences:
        console.complain(f"{file} was written, but it is no good backup: `ledger verify` finds differences in it")
        raise typer.Exit(1)
    console.say(f"{file} is good: {console.spaced(file.stat().st_size)} bytes, revision {proved.revision}")


def restore(
    file: BackupFile,
    yes: Annotated[bool, typer.Option("--yes", help="Put it in the place of the present database.")] = False,
    despite_differences: Annotated[
        bool, typer.Option("--despite-differences", help="Also where `ledger verify` finds differences in it.")
    ] = False,
) -> None:
    """Prove the backup in FILE and put it in the place of the database, which is kept beside.

    Without --yes a database that is there stays, and what would be lost is said. Stop the server and the workers first.
    """
    present = settings.load()
    database = _file_of(present.url)
    if database is None:
        raise UsageError(how_to_restore(present.url, file))
    done = asyncio.run(put_back(file, database, yes=yes, despite_differences=despite_differences))
    _show(done.proved)
    for slug, entries in done.lost.items():
        console.say(f"{slug}: {console.spaced(entries)} entries of the present database are not in the backup")
    if not done.done:
        console.complain(f"{database} is there already, nothing was changed: --yes puts {file} in its place")
        raise typer.Exit(1)
    if done.kept is not None:
        console.say(f"the database before is kept as {done.kept}")
    console.say(f"{database} is now what {file} holds")


def _file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL. Raises UsageError for one in memory."""
    found = driver_url(url)
    if found.get_backend_name() != "sqlite":
        return None
    if not found.database or found.database == ":memory:":
        raise UsageError("a database in memory has no backup")
    return Path(found.database)


def _show(proved: Proved) -> None:
    for one in proved.programmes:
        differs = f", {console.spaced(one.differences)} differences" if one.differences else ""
        console.say(f"{one.slug}: up to entry {console.spaced(one.position)}{differs}")
