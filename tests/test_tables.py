"""The laws of the database: keys, migrations, triggers on what only grows, and the copy before an upgrade."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import community.app  # noqa: F401 - loads every room, and so every table
from community.kit import db, schema
from community.kit.errors import MachineryError
from tests.conftest import Ran

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.anyio

ABOVE_PROGRAMMES = {
    "unit", "programme", "heartbeat", "person", "session", "token", "personal_change", "mail", "asked", "demonstration",
}  # fmt: skip
"""Tables that hold no data of one programme."""
OF_THE_INSTALLATION_TOO = {"record", "job", "role", "invitation"}
"""Tables that tell also what is above programmes."""
APPEND_ONLY = ("entry", "decision", "standing_change", "status_change", "record")
FROZEN = ("snapshot", "snapshot_row")
"""They refuse changes, too, but that of a place the country can be emptied (tests/leaderboards/test_snapshots.py)."""
TABLES = sorted(db.metadata.tables)


def table(name: str) -> Table:
    return db.metadata.tables[name]


def test_tables_alone_knows_the_tables_of_every_room() -> None:
    """What migrations compare with must not depend on what else was imported."""
    asked = "from community.tables import metadata; print(*sorted(metadata.tables))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == TABLES


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ABOVE_PROGRAMMES])
def test_what_belongs_to_a_programme_says_so(name: str) -> None:
    column = table(name).c.programme_id
    assert column.nullable == (name in OF_THE_INSTALLATION_TOO)


@pytest.mark.parametrize("name", [name for name in TABLES if "member_id" in table(name).c])
def test_what_refers_to_a_member_refers_to_one_of_its_own_programme(name: str) -> None:
    if name in ("record", "snapshot_row"):  # history outlives what it tells of, and holds ids only
        return
    keys = [tuple(element.target_fullname for element in key.elements) for key in table(name).foreign_key_constraints]
    assert ("member.programme_id", "member.id") in keys


@pytest.mark.parametrize("name", TABLES)
def test_no_reference_can_cross_programmes(name: str) -> None:
    """A foreign key goes to a programme or to what is above programmes, or carries the programme along."""
    above = {"programme.id", "unit.id", "person.id", "invitation.id"}
    for key in table(name).foreign_key_constraints:
        targets = {element.target_fullname for element in key.elements}
        carried = any(target.endswith(".programme_id") for target in targets)
        assert carried or targets <= above


@pytest.mark.parametrize("name", [name for name in TABLES if "member_id" in table(name).c])
def test_what_grows_with_members_is_keyed_by_programme_first(name: str) -> None:
    found = table(name)
    keys = [list(found.primary_key.columns), *(list(index.columns) for index in found.indexes)]
    assert any(key[0].name == "programme_id" for key in keys if key)


async def test_the_models_are_what_the_migrations_make(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(schema.config(sync)))


async def test_down_to_nothing_and_up_again(engine: AsyncEngine) -> None:
    async with db.writing(engine) as connection:
        await connection.run_sync(lambda sync: command.downgrade(schema.config(sync), "base"))
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]
    assert await schema.upgrade(engine)
    assert not await schema.upgrade(engine)
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(schema.config(sync)))
        assert await connection.run_sync(_guarded) == {*APPEND_ONLY, *FROZEN}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_an_upgrade_holds_nobody_up_for_long(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """While others keep a table locked it gives up and tries again: readers who come after it get their turn."""
    async with db.writing(engine) as connection:
        await connection.run_sync(lambda sync: command.downgrade(schema.config(sync), "0005"))
    monkeypatch.setattr(schema, "LOCK_WAIT_MILLISECONDS", 50)
    monkeypatch.setattr(schema, "LOCK_TRIES", 2)
    async with engine.connect() as holder:
        await holder.execute(text("SELECT count(*) FROM member"))
        with pytest.raises(MachineryError, match="locked through 2 tries"):
            await schema.upgrade(engine)
        monkeypatch.setattr(schema, "LOCK_TRIES", 1_000)
        upgrading = asyncio.create_task(schema.upgrade(engine))
        for _ in range(5):
            await asyncio.sleep(0.05)
            async with db.reading(engine) as reader:
                assert await asyncio.wait_for(reader.scalar(text("SELECT count(*) FROM member")), 5) == 0
        assert not upgrading.done()
    assert await upgrading
    assert await schema.revision(engine) == schema.head()


def _guarded(connection: Connection) -> set[str]:
    """The tables on which a trigger stands."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        asked = "SELECT DISTINCT event_object_table FROM information_schema.triggers"
    return set(connection.execute(text(asked)).scalars())


@pytest.fixture
def filled(community: Callable[..., Ran], tmp_path: Path) -> str:
    """A database in which ada, on leave, stands on a tier, with a row in all that only grows."""
    book, rows = tmp_path / "book.yaml", tmp_path / "rows.csv"
    book.write_text(
        "format: 1\n"
        "programme: {slug: small, name: Small, timezone: UTC, locale: en}\n"
        "contribution_types: [{key: talk, name: Talk, points: {base: 5}}]\n"
        "tiers: [{key: one, name: One, gain: {metric: points, min: 5}}]\n"
    )
    rows.write_text("id,handle,type,title,occurred_on\n1,ada,talk,A talk,2026-01-02\n")
    community("programme", "apply", book, "--yes")
    community("contributions", "import", "small", rows, "--create-members", "--approve")
    community("members", "status", "small", "ada", "on_leave", "--return-on", "2099-01-01")
    community("standings", "refresh", "small")
    return "small"


def test_what_only_grows_refuses_changes(database_url: str, filled: str) -> None:
    """By the database itself, whatever program asks: entries, decisions, changes of standing and status, records."""
    statements = ["UPDATE {} SET programme_id = programme_id", "DELETE FROM {}"]
    if not database_url.startswith("sqlite"):  # which has no TRUNCATE
        statements.append("TRUNCATE {}")
    for name in APPEND_ONLY:
        for statement in statements:
            assert asyncio.run(_refusal(database_url, statement.format(name))) == f"{name} is append-only"
    assert filled


async def _refusal(url: str, statement: str) -> str:
    """The message by which the database refuses a statement; fails if it takes it, or if there was no row to change."""
    engine = db.create_engine(url)
    try:
        async with db.writing(engine) as connection:
            changed = await connection.execute(text(statement))
            pytest.fail(f"{changed.rowcount} rows: {statement}")
    except DBAPIError as error:
        return str(error.orig).rpartition(": ")[2].strip()
    finally:
        await engine.dispose()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The product one release later: its migrations, and one more behind them."""
    yield _know_a_later_one(tmp_path, monkeypatch)
    _forget_revisions()


def _know_a_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "community" / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_later.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n\n"
        f"revision = '9999'\ndown_revision = {schema.head()!r}\n\n\n"
        "def upgrade():\n    op.add_column('unit', sa.Column('later', sa.Integer(), nullable=True))\n"
    )
    present = schema.config

    def of_later(connection: Connection | None = None) -> Config:
        found = present(connection)
        found.set_main_option("script_location", str(folder))
        return found

    monkeypatch.setattr(schema, "config", of_later)
    _forget_revisions()
    return "9999"


def _forget_revisions() -> None:
    schema.head.cache_clear()
    schema.is_known.cache_clear()


def test_an_older_database_is_brought_up_to_date_with_all_that_it_holds(
    database_url: str, filled: str, community: Callable[..., Ran], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A SQLite file by any command, after a copy; PostgreSQL by `db upgrade` only, which any other command names."""
    older = schema.head()
    before = community("ledger", "entries", filled, "ada", "--json").out
    later = request.getfixturevalue("later")
    if not database_url.startswith("sqlite"):
        refused = community("status", status=MachineryError.exit_status).err
        assert "community db upgrade" in refused
        assert later in refused
        assert "is up to date now" in community("db", "upgrade").out
    assert community("ledger", "entries", filled, "ada", "--json").out == before
    assert "clean" in community("ledger", "verify").out
    assert asyncio.run(_revision(database_url)) == later
    copies = list(tmp_path.glob("*.before-*"))
    if database_url.startswith("sqlite"):
        [copy] = copies
        assert copy.name.startswith(f"community.sqlite3.before-{older}-")
        assert _held(copy) == (older, 5)
        assert _held(tmp_path / "community.sqlite3") == (later, 5)
    else:
        assert copies == []


def test_the_version_before_works_on_a_newer_database(
    database_url: str, filled: str, community: Callable[..., Ran], tmp_path: Path
) -> None:
    """As it must while processes are replaced one after the other; it changes nothing of the schema."""
    with pytest.MonkeyPatch.context() as patch:
        _know_a_later_one(tmp_path, patch)
        community("db", "upgrade")
    _forget_revisions()
    community("ledger", "adjust", filled, "ada", 3, "--note", "by the version before")
    assert "clean" in community("ledger", "verify").out
    assert "of a newer version" in community("db", "upgrade", status=MachineryError.exit_status).err
    assert asyncio.run(_revision(database_url)) == "9999"


def _held(file: Path) -> tuple[str, int]:
    """The revision of a SQLite file, and the points in it."""
    with closing(sqlite3.connect(file)) as kept:
        [revision] = kept.execute("SELECT version_num FROM alembic_version").fetchone()
        [points] = kept.execute("SELECT sum(points) FROM entry").fetchone()
        return revision, points


async def _revision(url: str) -> str | None:
    engine = db.create_engine(url)
    try:
        return await schema.revision(engine)
    finally:
        await engine.dispose()
