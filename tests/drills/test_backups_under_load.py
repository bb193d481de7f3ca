"""Backups of a SQLite file while others write to it (F14): each holds one moment, and is proved by itself.

`COMMUNITY_DRILLS=long` takes 200 of them.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from community.kit import db, sqlite_file
from community.ledger.actions import adjust
from community.members.queries import member
from community.programmes.queries import programme
from tests.cli.cast import ON_SQLITE, Community
from tests.drills.stage import begin, rows_file, started

LONG = os.environ.get("COMMUNITY_DRILLS") == "long"
BACKUPS = 200 if LONG else 5
KILLS = 40 if LONG else 4
PATIENCE_SECONDS = 20


@pytest.fixture
def database(community: Community, tmp_path: Path) -> Path:
    """A database with a programme and some contributions."""
    begin(community, tmp_path, "drill")
    rows = rows_file(tmp_path / "rows.csv", range(400), 40, seed=1)
    community("contributions", "import", "drill", rows, "--create-members", "--approve")
    community("standings", "refresh", "drill")
    return tmp_path / "community.sqlite3"


@contextmanager
def written_to(database: Path) -> Iterator[None]:
    """Somebody posts an entry a transaction, as fast as it goes, until the block ends."""
    enough = Event()
    failed: list[Exception] = []

    async def write() -> None:
        engine = db.create_engine(db.sqlite_url(database), 1)
        try:
            while not enough.is_set():
                async with db.writing(engine) as connection:
                    found = await programme(connection, "drill")
                    who = await member(connection, found.id, "m1")
                    await adjust(
                        connection, found.id, who.id, 1, day=found.today, version=1, note="drill", actor="drill"
                    )
        finally:
            await engine.dispose()

    def work() -> None:
        try:
            asyncio.run(write())
        except Exception as error:
            failed.append(error)

    writer = Thread(target=work)
    writer.start()
    try:
        yield
    finally:
        enough.set()
        writer.join()
    assert failed == []


def entries(file: Path) -> tuple[int, int, int]:
    """How many entries a database has, the number of the last one, and what the head of the ledger says."""
    with closing(sqlite3.connect(file)) as held:
        [count, last] = held.execute("SELECT count(*), max(number) FROM entry").fetchone()
        [head] = held.execute("SELECT number FROM ledger_head").fetchone()
        return count, last, head


@ON_SQLITE
def test_each_backup_under_load_holds_one_moment(
    community: Community, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    with written_to(database):
        for number in range(BACKUPS):
            file = tmp_path / f"backup-{number}.sqlite3"
            before = entries(database)[0]
            wait_for_more(database, before)
            community("backup", file)
            made.append((before, file, entries(database)[0]))
    for before, file, after in made:
        assert sqlite_file.damage(file) is None
        count, last, head = entries(file)
        assert count == last == head
        assert before < count <= after
        monkeypatch.setenv("COMMUNITY_DATABASE_URL", db.sqlite_url(file))
        community("ledger", "verify")


def wait_for_more(database: Path, than: int) -> None:
    """Waits until the writer has written."""
    until = monotonic() + PATIENCE_SECONDS
    while entries(database)[0] <= than:
        assert monotonic() < until, "the writer stands still"


@ON_SQLITE
def test_a_backup_that_is_killed_leaves_nothing_by_its_name(
    community: Community, database: Path, tmp_path: Path
) -> None:
    """Nor does it hinder the next one, or the database."""
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "backup.sqlite3"
    for number in range(KILLS):
        process = started("backup", file)
        sleep(Random(number).uniform(0.3, 2.5))
        process.kill()
        process.communicate()
        if file.exists():
            assert entries(file) == entries(database)
            file.unlink()
    community("backup", file)
    assert entries(file) == entries(database)
    community("ledger", "verify")
