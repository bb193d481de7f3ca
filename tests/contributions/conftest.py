"""The stage of stories at pages: a programme that runs at noon, and ada who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.settings import Settings
from tests.contributions.stage import Aces, settle, signed_in
from tests.people.browser import Browser, installation
from tests.people.stage import NOON


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    with clock.stopped(NOON):
        async with installation(Settings(home=tmp_path / "home", database_url=database_url)) as made:
            yield made


@pytest.fixture
async def aces(app: Starlette, engine: AsyncEngine) -> Aces:
    return await settle(engine)


@pytest.fixture
async def ada(app: Starlette, aces: Aces) -> AsyncIterator[Browser]:
    """Ada's browser, signed in."""
    async with signed_in(app) as opened:
        yield opened
