"""The stage: one for a test, whatever number of examples it draws. Its databases need not outlive a crash."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from tests.engine.stage import Stage

POSTGRES = os.environ.get("COMMUNITY_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    """An engine on an empty database of each kind, with an event loop of its own."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        asyncio.run(_postgres(f'ALTER DATABASE "{url.database}" SET synchronous_commit = off'))
    made = Stage(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite_stage(sqlite_template: Path, tmp_path: Path) -> Iterator[Stage]:
    """A stage on SQLite alone, for tests that need both databases at once."""
    file = tmp_path / "beside.sqlite3"
    shutil.copy(sqlite_template, file)
    made = Stage(f"sqlite:///{file}")
    yield made
    made.close()


@pytest.fixture
def postgres_url(postgres_template: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"{postgres_template}_{uuid4().hex[:8]}"
    asyncio.run(_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"'))
    asyncio.run(_postgres(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    asyncio.run(_postgres(f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _postgres(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
