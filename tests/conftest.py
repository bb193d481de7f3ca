"""The databases that tests run on: SQLite always, PostgreSQL where it answers or is required.

Tests touch only what they started: each gets a database of its own, made from a template of this session.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db, schema

POSTGRES = os.environ.get("COMMUNITY_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REQUIRED = frozenset(filter(None, os.environ.get("COMMUNITY_TEST_REQUIRE", "").split(",")))

slow_but_sure = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
settings.register_profile("ci", deadline=None, suppress_health_check=slow_but_sure, max_examples=60)
settings.register_profile("long", deadline=None, suppress_health_check=slow_but_sure, max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def unavailable(part: str, why: str) -> None:
    """Skips for want of a part; where the part is required, fails."""
    if part in REQUIRED:
        pytest.fail(f"{part} is required here: {why}")
    pytest.skip(f"no {part}: {why}")


def _log_plainly() -> None:
    """As structlog does by default, but for its traces, which show every value and take seconds to draw."""
    structlog.reset_defaults()
    shown = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], shown])


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A test that sends logs to what pytest captures leaves no later one with a closed stream."""
    _log_plainly()
    yield
    _log_plainly()
    for one in logging.getLogger().handlers[:]:
        if isinstance(one, logging.StreamHandler) and getattr(one.stream, "closed", False):
            logging.getLogger().removeHandler(one)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


async def _postgres(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    engine = db.create_engine(url)
    await schema.upgrade(engine)
    await engine.dispose()


def _named(name: str) -> str:
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database."""
    name = f"community_test_{uuid4().hex[:12]}"
    try:
        asyncio.run(_postgres(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0"))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        unavailable("postgres", str(error))
    asyncio.run(_migrate(_named(name)))
    yield name
    asyncio.run(_postgres(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    file = tmp_path_factory.mktemp("template") / "community.sqlite3"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: one test on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "community.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    template = request.getfixturevalue("postgres_template")
    name = f"{template}_{uuid4().hex[:8]}"
    asyncio.run(_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield _named(name)
    asyncio.run(_postgres(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty, migrated database."""
    made = db.create_engine(database_url, 3)
    yield made
    await made.dispose()


@pytest.fixture
def home(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """COMMUNITY_HOME and COMMUNITY_DATABASE_URL for commands that a test runs."""
    folder = tmp_path / "home"
    monkeypatch.setenv("COMMUNITY_HOME", str(folder))
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", database_url)
    return folder


class Ran:
    """What a command printed, and how it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def community(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `community …` on the test's database: `community("programme", "list").out`. Fails on another status."""
    from community.__main__ import run

    def call(*arguments: object, status: int = 0) -> Ran:
        capsys.readouterr()
        ended = run([str(one) for one in arguments])
        printed = capsys.readouterr()
        assert ended == status, f"exit {ended}\n{printed.out}\n{printed.err}"
        return Ran(ended, printed.out, printed.err)

    return call
