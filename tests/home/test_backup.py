"""Backups of SQLite: whole or not there, proved before they are called good, and restored without losing what was.

ada has a talk for 5 points; after the backup she gets 7 more by hand, and the restore takes those back.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from community.kit import clock, schema, sqlite_file
from community.kit.errors import MachineryError, UsageError
from tests.cli.cast import ON_SQLITE, Community, written
from tests.conftest import unavailable
from tests.test_tables import later as later

BOOK = """\
format: 1
programme: {slug: small, name: Small, timezone: UTC, locale: en}
contribution_types: [{key: talk, name: Talk, points: {base: 5}}]
tiers: [{key: one, name: One, gain: {metric: points, min: 5}}]
leaderboards: [{key: points, name: Points, metric: points}]
"""


@pytest.fixture
def small(community: Community, tmp_path: Path) -> Community:
    """The command line, with the programme `small` in which ada has 5 points."""
    community("programme", "apply", written(tmp_path, "book.yaml", BOOK), "--yes")
    rows = written(tmp_path, "rows.csv", "id,handle,type,title,occurred_on\n1,ada,talk,A talk,2026-01-02\n")
    community("contributions", "import", "small", rows, "--create-members", "--approve")
    community("standings", "refresh", "small")
    return community


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file of the database of this test (`database_url` on SQLite)."""
    return tmp_path / "community.sqlite3"


@pytest.fixture
def backup(small: Community, tmp_path: Path) -> Path:
    """A backup; then 7 points for ada that are not in it."""
    file = tmp_path / "backup.sqlite3"
    small("backup", file)
    small("ledger", "adjust", "small", "ada", 7, "--note", "later")
    return file


def points(community: Community) -> int:
    """What ada has."""
    found: int = json.loads(community("ledger", "balance", "small", "ada", "--json").out)["points"]
    return found


def names(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {one.name for one in folder.iterdir()}


@ON_SQLITE
def test_a_backup_is_one_file_that_holds_everything(small: Community, database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as other:  # somebody else keeps it open, as a server would
        other.execute("SELECT count(*) FROM entry").fetchone()
        file = tmp_path / "a folder" / "50 % of #1?.sqlite3"
        file.parent.mkdir()
        said = small("backup", file).out
    assert said.splitlines()[0] == "small: up to entry 1"
    assert f"is good: {file.stat().st_size:,}".replace(",", " ") in said
    assert names(file.parent) == {file.name}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sqlite_file.damage(file) is None
    with closing(sqlite3.connect(database)) as one, closing(sqlite3.connect(file)) as two:
        assert [*one.iterdump()] == [*two.iterdump()]


@ON_SQLITE
def test_a_restore_says_first_what_would_be_lost(backup: Path, community: Community, database: Path) -> None:
    held = points(community)
    before = names(database.parent)
    waits = community("restore", backup, status=1)
    assert waits.out.splitlines() == [
        "small: up to entry 1",
        "small: 1 entries of the present database are not in the backup",
    ]
    assert "--yes" in waits.err
    assert (points(community), held) == (12, 12)
    assert names(database.parent) == before


@ON_SQLITE
def test_a_restore_keeps_what_it_replaces(backup: Path, community: Community, database: Path) -> None:
    database.chmod(0o640)
    content = backup.read_bytes()
    said = community("restore", backup, "--yes").out
    assert points(community) == 5
    assert "clean" in community("ledger", "verify").out
    [kept] = database.parent.glob("community.sqlite3.before-restore-*")
    assert str(kept) in said
    with closing(sqlite3.connect(kept)) as before:
        assert before.execute("SELECT sum(points) FROM entry").fetchone() == (12,)
    assert backup.read_bytes() == content
    assert stat.S_IMODE(database.stat().st_mode) == 0o640
    assert not [name for name in names(database.parent) if name.startswith(".")]
    community("ledger", "adjust", "small", "ada", 1, "--note", "and life goes on")
    assert (points(community), backup.read_bytes()) == (6, content)


@ON_SQLITE
def test_a_restore_where_nothing_is_needs_no_yes(
    backup: Path, community: Community, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of a database that was deleted is not taken for a part of the new one."""
    fresh = tmp_path / "new" / "community.sqlite3"
    fresh.parent.mkdir()
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE unit SET name = 'in the log'")
        other.commit()
        shutil.copy(f"{database}-wal", f"{fresh}-wal")
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"sqlite:///{fresh}")
    community("restore", backup)
    assert points(community) == 5
    assert "clean" in community("ledger", "verify").out
    [stray] = [name for name in names(fresh.parent) if name.endswith("-wal")]
    assert stray.startswith("community.sqlite3.before-restore-")


@ON_SQLITE
def test_a_database_in_use_is_not_replaced(backup: Path, community: Community, database: Path) -> None:
    with closing(sqlite3.connect(database)) as server:
        server.execute("SELECT count(*) FROM entry").fetchone()
        assert "is in use: stop the server" in community("restore", backup, "--yes", status=1).err
    assert points(community) == 12
    assert [*database.parent.glob("*.before-restore-*")] == []
    community("restore", backup, "--yes")
    assert points(community) == 5


@ON_SQLITE
@pytest.mark.parametrize("harm", ["nonsense", "half of it", "not even a header"])
def test_a_damaged_database_is_replaced_and_kept(backup: Path, community: Community, database: Path, harm: str) -> None:
    content = database.read_bytes()
    spoilt = {"nonsense": b"nonsense" * 5_000, "half of it": content[: len(content) // 2], "not even a header": b"SQL"}
    database.write_bytes(spoilt[harm])
    community("restore", backup, "--yes")
    assert points(community) == 5
    [kept] = database.parent.glob("*.before-restore-*")
    assert kept.read_bytes() == spoilt[harm]


def _other(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.execute("INSERT INTO alembic_version VALUES ('0001')")
        made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        made.commit()


def _alike(file: Path) -> None:
    _other(file)
    with closing(sqlite3.connect(file)) as made:
        for name in ("programme", "member", "entry"):
            made.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
        made.execute(f"UPDATE alembic_version SET version_num = '{schema.head()}'")
        made.commit()


def _altered(statement: str) -> Callable[[Path], None]:
    def alter(file: Path) -> None:
        with closing(sqlite3.connect(file)) as made:
            made.execute("PRAGMA foreign_keys = OFF")
            made.executescript(statement)

    return alter


def _cut(share: float) -> Callable[[Path], None]:
    return lambda file: os.truncate(file, int(file.stat().st_size * share))


def _overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for start in range(8_192, len(content), 16_384):
        content[start : start + 2_048] = b"\xff" * 2_048
    file.write_bytes(content)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda file: file.write_text("a backup, honestly\n" * 1_000), "not a database"),
    "empty": (lambda file: file.write_bytes(b""), "a database without"),
    "of something else": (_other, "a database without"),
    "looking like ours": (_alike, "cannot read"),
    "newer": (_altered("UPDATE alembic_version SET version_num = '9999'"), "revision 9999, of a newer version"),
    "no revision": (_altered("DELETE FROM alembic_version"), "revision None"),
    "two revisions": (_altered("INSERT INTO alembic_version VALUES ('0001')"), "cannot read"),
    "cut in its header": (lambda file: os.truncate(file, 50), "cut off"),
    "cut after a page": (lambda file: os.truncate(file, 4_096), "malformed"),
    "cut in the middle": (_cut(0.5), ""),
    "cut near its end": (_cut(0.999), "cut off"),
    "pages overwritten": (_overwritten, ""),
    "a book that is none": (_altered("UPDATE book_version SET document = '{}'"), "cannot read"),
    "a reference to nobody": (_altered("DELETE FROM member"), "refers to a row of member"),
    "an award altered": (
        _altered("DROP TRIGGER entry_refuses_update; UPDATE entry SET points = 6, balance = 6"),
        "its ledger does not hold",
    ),
    "an entry missing": (_altered("DROP TRIGGER entry_refuses_delete; DELETE FROM entry"), "its ledger does not hold"),
}


@ON_SQLITE
def test_what_is_no_good_backup_is_refused_and_changes_nothing(
    backup: Path, community: Community, database: Path, tmp_path: Path
) -> None:
    before = names(database.parent)
    for name, (spoil, said) in HOSTILE.items():
        file = tmp_path / "hostile" / "backup.sqlite3"
        file.parent.mkdir()
        shutil.copy(backup, file)
        spoil(file)
        refused = community("restore", file, "--yes", status=1)
        assert said in refused.err, name
        assert str(file) in refused.err, name
        assert refused.out == "", name
        assert names(file.parent) == {file.name}, name
        shutil.rmtree(file.parent)
        assert names(database.parent) == before, name
    assert points(community) == 12
    assert "there is no file" in community("restore", tmp_path / "absent", "--yes", status=2).err
    assert "there is no file" in community("restore", tmp_path, "--yes", status=2).err
    assert "is the database itself" in community("restore", database, "--yes", status=2).err


@ON_SQLITE
def test_a_ledger_that_lacks_what_a_frozen_board_saw_is_refused(small: Community, tmp_path: Path) -> None:
    with clock.stopped(datetime(2026, 12, 2, 12, tzinfo=UTC)):
        book = BOOK.replace("metric: points}]", "metric: points, window: month}]")
        small("programme", "apply", written(tmp_path, "book.yaml", book), "--yes")
        small("standings", "refresh", "small")
    with clock.stopped(datetime(2027, 1, 2, 12, tzinfo=UTC)):
        small("run", "snapshot", "small")
        file = tmp_path / "backup.sqlite3"
        small("backup", file)
        _altered("DROP TRIGGER entry_refuses_delete; DELETE FROM entry; UPDATE ledger_head SET number = 0")(file)
        assert "covers 1 entries, the ledger has 0" in small("restore", file, "--yes", status=1).err


@ON_SQLITE
def test_differences_are_restored_on_demand(backup: Path, community: Community) -> None:
    _altered("DROP TRIGGER entry_refuses_update; UPDATE entry SET points = 6, balance = 6")(backup)
    community("restore", backup, "--yes", status=1)
    assert "differences" in community("restore", backup, "--yes", "--despite-differences").out
    assert points(community) == 6


@ON_SQLITE
def test_a_backup_of_what_differs_is_written_but_not_called_good(
    small: Community, database: Path, tmp_path: Path
) -> None:
    _altered("DROP TRIGGER entry_refuses_update; UPDATE entry SET points = 6, balance = 6")(database)
    file = tmp_path / "backup.sqlite3"
    ran = small("backup", file, status=1)
    assert "no good backup" in ran.err
    assert "is good" not in ran.out
    assert sqlite_file.damage(file) is None


@ON_SQLITE
def test_a_damaged_database_has_no_backup(small: Community, database: Path, tmp_path: Path) -> None:
    _overwritten(database)
    before = names(tmp_path)
    assert "no backup was made" in small("backup", tmp_path / "backup.sqlite3", status=MachineryError.exit_status).err
    assert names(tmp_path) == before


@ON_SQLITE
def test_a_backup_replaces_nothing_unasked(backup: Path, community: Community, database: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    assert "--yes replaces it" in community("backup", backup, status=1).err
    assert backup.read_bytes() == content
    community("backup", backup, "--yes")
    community("restore", backup, "--yes")
    assert points(community) == 12
    stray = backup.with_name(backup.name + "-wal")
    stray.touch()
    assert "remove it first" in community("backup", backup, "--yes", status=1).err
    for refused in (database, tmp_path, tmp_path / "absent" / "backup.sqlite3"):
        community("backup", refused, "--yes", status=UsageError.exit_status)


@ON_SQLITE
def test_without_a_database_none_is_made(community: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"sqlite:///{tmp_path / 'absent.sqlite3'}")
    assert "there is no database" in community("backup", tmp_path / "backup.sqlite3", status=2).err
    assert not (tmp_path / "absent.sqlite3").exists()
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", "sqlite:///:memory:")
    assert "in memory" in community("backup", tmp_path / "backup.sqlite3", status=2).err


@ON_SQLITE
def test_what_a_killed_process_left_beside_is_in_the_backup(
    small: Community, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the file alone lacks it: sound, but older, which the restore says."""
    left, alone = tmp_path / "left" / "community.sqlite3", tmp_path / "alone.sqlite3"
    left.parent.mkdir()
    with closing(sqlite3.connect(database)) as other:
        other.execute("SELECT count(*) FROM entry").fetchone()
        small("ledger", "adjust", "small", "ada", 7, "--note", "in the log only")
        for end in ("", "-wal"):
            shutil.copy(f"{database}{end}", f"{left}{end}")
        shutil.copy(database, alone)
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"sqlite:///{left}")
    small("backup", tmp_path / "backup.sqlite3")
    assert "1 entries of the present database" in small("restore", alone, status=1).out
    assert "are not in the backup" not in small("restore", tmp_path / "backup.sqlite3", "--yes").out
    assert points(small) == 12


@ON_SQLITE
def test_a_backup_of_an_older_version_stays_one(
    small: Community, database: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """It is proved as this version would make it, and restored; the next command brings it up to date."""
    older = schema.head()
    newest = request.getfixturevalue("later")
    file = tmp_path / "backup.sqlite3"
    assert small("backup", file).out.rstrip().endswith(f"revision {older}")
    assert [_revision(one) for one in (database, file)] == [older, older]
    assert points(small) == 5
    assert _revision(database) == newest
    small("restore", file, "--yes")
    assert [_revision(one) for one in (database, file)] == [older, older]
    assert points(small) == 5
    assert _revision(database) == newest


def _revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as held:
        [found] = held.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found)


@ON_SQLITE
def test_a_full_disk_leaves_no_half_backup(small: Community, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    command = [sys.executable, "-m", "community", "backup", str(folder / "backup.sqlite3")]

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    ran = subprocess.run(command, preexec_fn=full, capture_output=True, text=True, check=False)
    assert ran.returncode == MachineryError.exit_status, ran.stderr
    assert "no backup was made" in ran.stderr
    assert names(folder) == set()


@ON_SQLITE
def test_without_links_the_database_is_copied(
    backup: Path, community: Community, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: Path, _target: Path) -> None:
        raise OSError("this file system knows no links")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    community("restore", backup, "--yes")
    [kept] = database.parent.glob("*.before-restore-*")
    with closing(sqlite3.connect(kept)) as before:
        assert before.execute("SELECT sum(points) FROM entry").fetchone() == (12,)
    assert points(community) == 5


@pytest.fixture
def on_postgres(database_url: str) -> Iterator[str]:
    """The URL of a PostgreSQL database; those that are made beside it are dropped."""
    yield database_url
    url = make_url(database_url)
    server = url.set(database="postgres").render_as_string(hide_password=False)
    for name in (f"{url.database}_restored", f"{url.database}_before_restore"):
        subprocess.run(
            ["psql", "-q", server, "-c", f'DROP DATABASE IF EXISTS "{name}"'], check=True, capture_output=True
        )


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_on_postgresql_it_is_said_what_to_run_and_that_works(
    small: Community, on_postgres: str, tmp_path: Path
) -> None:
    if shutil.which("pg_dump") is None:
        unavailable("postgres", "no pg_dump")
    file = tmp_path / "community.dump"
    told = small("backup", file, status=UsageError.exit_status)
    assert told.out == ""
    _ran(next(line for line in _commands(told.err) if line[0] == "pg_dump"), on_postgres)
    small("ledger", "adjust", "small", "ada", 7, "--note", "later")
    for command in _commands(small("restore", file, status=UsageError.exit_status).err):
        _ran(command, on_postgres)
    assert points(small) == 5
    assert "clean" in small("ledger", "verify").out


def _commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines() if line.startswith("    ")]


def _ran(command: list[str], url: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PGPASSWORD": make_url(url).password or ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_passwords_are_not_shown(community: Community, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", "postgresql://me:secret@db:5433/community?ssl=require")
    for command in ("backup", "restore"):
        said = community(command, tmp_path / "a file", status=UsageError.exit_status).err
        assert "secret" not in said
        assert "***" not in said
        assert "postgresql://me@db:5433/community" in said
        assert f"'{tmp_path}/a file'" in said or f"'--file={tmp_path}/a file'" in said
