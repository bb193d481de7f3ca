"""What the page on running it says of PostgreSQL: the ledger in parts, and a server that may only be read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db, schema
from community.kit.errors import MachineryError
from tests.cli.cast import Community, written
from tests.conftest import unavailable
from tests.deploy.promised import DEPLOY
from tests.drills.stage import begin, held, on, rows_file

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def psql(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs psql on a database."""
    if shutil.which("psql") is None:
        unavailable("postgres", "no psql")
    command_line = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={database_url}", *arguments]
    return subprocess.run(command_line, capture_output=True, text=True, check=False)


def test_the_ledger_goes_on_in_parts(community: Community, database_url: str, tmp_path: Path) -> None:
    """What was posted before is there, what comes after gets in, what nobody may do stays refused."""
    rows = rows_file(tmp_path / "rows.csv", range(300), 20, seed=3)
    more = rows_file(tmp_path / "more.csv", range(300, 600), 20, seed=3)
    begin(community, tmp_path, "before", "whole")
    community("contributions", "import", "before", rows, "--create-members", "--approve")
    for file in (rows, more):
        community("contributions", "import", "whole", file, "--create-members", "--approve")
    wanted = held(database_url, "whole")

    done = psql(database_url, f"--file={DEPLOY / 'postgresql' / 'partition-entries.sql'}")
    assert (done.returncode, done.stderr) == (0, "")
    begin(community, tmp_path, "after")
    community("contributions", "import", "after", rows, "--create-members", "--approve")
    for slug in ("before", "after"):
        community("contributions", "import", slug, more, "--create-members", "--approve")
        assert held(database_url, slug).sums == wanted.sums
    community("contributions", "approve", "after", "--all-pending")
    community("standings", "refresh", "after")
    community("ledger", "adjust", "before", "m1", 7, "--note", "in its part")
    community("ledger", "verify")
    for statement in ("UPDATE entry SET points = 0", "DELETE FROM entry", "TRUNCATE entry"):
        assert "entry" in psql(database_url, f"--command={statement}").stderr.partition(" is append-only")[0]
    for part in range(16):
        assert "is append-only" in psql(database_url, f"--command=TRUNCATE entry_{part}").stderr


def test_migrations_find_the_ledger_in_parts(database_url: str) -> None:
    done = psql(database_url, f"--file={DEPLOY / 'postgresql' / 'partition-entries.sql'}")
    assert (done.returncode, done.stderr) == (0, "")

    async def checked(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.check(schema.config(sync)))

    on(database_url, checked)


def test_a_replica_answers_what_only_reads(community: Community, database_url: str, tmp_path: Path) -> None:
    """A database that takes no writes: what reads is answered, all else says so, and that it is the machinery."""
    begin(community, tmp_path, "small")
    rows = rows_file(tmp_path / "rows.csv", range(50), 5, seed=3)
    community("contributions", "import", "small", rows, "--create-members", "--approve")
    community("standings", "refresh", "small")

    async def only_read(engine: AsyncEngine) -> None:
        name = engine.url.database
        async with db.writing(engine) as connection:
            await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))

    on(database_url, only_read)
    for line in (
        "status", "ledger verify", "standings list small", "standings explain small m1", "boards show small points",
        "boards export small points --format csv --out -", "contributions list small", "members list small",
        "jobs stats", "standings refresh small --dry-run --as-of 2030-01-01",
    ):  # fmt: skip
        community(*line.split())
    book = written(tmp_path, "again.yaml", (tmp_path / "small.yaml").read_text("utf-8").replace("Drill", "Other"))
    for words in (
        ["ledger", "adjust", "small", "m1", "1", "--note", "no"],
        ["standings", "refresh", "small", "--full"],
        ["programme", "apply", book, "--yes"],
    ):
        refused = community(*words, status=MachineryError.exit_status)
        assert "read-only" in refused.err
