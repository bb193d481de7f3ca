"""Sessions of processes that serve keep nothing locked while their process is silent."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db

pytestmark = pytest.mark.anyio
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


async def stopped(url: str, name: str) -> asyncpg.Connection:
    """A session that has begun a transaction and parsed a statement that it does not run."""
    plain = make_url(url).render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, server_settings={"application_name": name})
    await connection.execute("BEGIN")
    await connection.prepare("SELECT 1")
    return connection


@ON_POSTGRES
async def test_a_silent_session_within_a_statement_is_ended(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own bound for idle transactions does not see it. Commands, which may wait for people, are let be."""
    served, command = await stopped(database_url, f"{db.SERVES} elsewhere:1"), await stopped(database_url, "community")
    pid = served.get_server_pid()
    assert await db.end_silent(engine) == 0
    monkeypatch.setattr(db, "SILENT_SECONDS", 0)
    assert await db.end_silent(engine) == 1
    gone = text("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = :pid")
    async with asyncio.timeout(10), engine.connect() as connection:
        while not await connection.scalar(gone, {"pid": pid}):
            await connection.rollback()
            await asyncio.sleep(0.02)
    served.terminate()
    assert await command.fetchval("SELECT 2") == 2
    await command.close()


async def test_whoever_asks_is_not_ended(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "SILENT_SECONDS", 0)
    engine = db.create_engine(database_url, 2, serves=True)
    assert await db.end_silent(engine) == 0
    await engine.dispose()
