"""The clock stands at noon for the stories at pages; the application runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.settings import Settings
from tests.home.stage import Town, settle
from tests.people.browser import installation
from tests.people.stage import NOON


@pytest.fixture(autouse=True)
def noon(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clock stands at noon of 2026-03-31, where the application runs."""
    with clock.stopped(NOON) if "app" in request.fixturenames else nullcontext():
        yield


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    """The application."""
    async with installation(Settings(home=tmp_path / "home", database_url=database_url, rate_scale=0)) as made:
        yield made


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    """Ada and the others."""
    return await settle(engine)
