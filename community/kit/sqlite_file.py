"""Files of SQLite: a copy of one in use, what is wrong with one, and putting one in the place of another."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from community.kit.errors import Conflict

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database file while it is in use, or since a process was killed."""
PATIENCE_SECONDS = 30


def copy(source: Path, target: Path, *, at_rest: bool = False) -> None:
    """Copies a database as it stands at one moment, also while others write to it; only the owner may read the copy.

    In one step of SQLite's backup API: in several it would begin anew with each commit of others, and perhaps never
    end. `at_rest`: nobody writes to the source, which may lie where nothing can be written. Raises sqlite3.Error where
    the source is damaged or no database, or the disk is full.
    """
    target.touch(mode=0o600)
    how = "rw"  # a reader of a database in use writes to what lies beside it
    if at_rest:
        how = "ro" if besides(source) else "ro&immutable=1"
    with closing(_opened(source, how)) as held, closing(sqlite3.connect(target)) as made:
        held.backup(made)


def is_cut(file: Path) -> bool:
    """Whether a file ends within a page, of which SQLite would read the rest as zeros."""
    with file.open("rb") as opened:
        head = opened.read(18)
    page = int.from_bytes(head[16:], "big")
    return head.startswith(b"SQLite format 3\0") and page > 1 and file.stat().st_size % page != 0


def damage(file: Path) -> str | None:
    """What SQLite itself finds wrong with a database: pages, indexes, references; None where it is sound."""
    try:
        with closing(_opened(file)) as held:
            [found] = held.execute("PRAGMA integrity_check(1)").fetchone()
            stray = held.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    if found != "ok":
        return str(found).strip()
    return None if stray is None else f"a row of {stray[0]} refers to a row of {stray[2]} that is not there"


def has_tables(file: Path, names: Collection[str]) -> bool:
    """Whether a sound database has tables of all these names."""
    with closing(_opened(file)) as held:
        found = {name for (name,) in held.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return found.issuperset(names)


def settle(file: Path) -> bool:
    """Leaves nothing beside a database: all that was written stands in the file itself. False for one that is too
    damaged for that, and left as it is. Raises Conflict where another process has it open."""
    with closing(sqlite3.connect(file, timeout=0.5, isolation_level=None)) as held:
        try:
            held.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise Conflict(f"{file} is in use: stop the server and the workers first") from None
        except sqlite3.DatabaseError:
            return False
    return True


def put_in_place(made: Path, target: Path, kept: Path | None = None) -> None:
    """Moves a settled database to its place, for good; `kept` is the name that what stood there has from now on.

    At no moment is neither of them there: whoever is started meanwhile never finds, and so never makes, an empty one.
    Both are on one file system.
    """
    if kept is not None:
        if target.exists():
            _also_named(target, kept)
        for beside in besides(target):  # SQLite would take it for a part of the new one
            beside.rename(kept.with_name(kept.name + beside.name.removeprefix(target.name)))
    _lasting(made)
    made.replace(target)
    _lasting(target.parent)


def besides(file: Path) -> list[Path]:
    """What lies beside a database file and belongs to it, or did."""
    return [one for end in BESIDE if (one := file.with_name(file.name + end)).exists()]


def owned_like(file: Path, example: Path) -> None:
    """Gives a file mode and owner of another, or the owner of a folder: what root restores, the server must open."""
    if example.is_file():
        shutil.copymode(example, file)
    if os.geteuid() == 0:
        stat = example.stat()
        os.chown(file, stat.st_uid, stat.st_gid)


def _also_named(file: Path, name: Path) -> None:
    if name.exists():
        raise FileExistsError(f"{name} is there already")
    try:
        name.hardlink_to(file)
    except OSError:  # a file system without links
        shutil.copy2(file, name)


def _opened(file: Path, how: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={how}", uri=True, timeout=PATIENCE_SECONDS)


def _lasting(path: Path) -> None:
    """What was written to a file, or which files a folder has, outlasts a loss of power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
