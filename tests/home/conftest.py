"""The clock stands at noon for the stories at pages; the application runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.settings import Settings
from tests.home.stage import Town, settle
from tests.people.browser import installation
from tests.people.stage import NOON


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands at noon of 2026-03-31."""
    with clock.stopped(NOON):
        yield


@pytest.fixture
async def app(noon: None, database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    """The application."""
    async with installation(Settings(home=tmp_path / "home", database_url=database_url, rate_scale=0)) as made:
        yield made


@pytest.fixture
async def town(noon: None, engine: AsyncEngine) -> Town:
    """Ada and the others."""
    return await settle(engine)
