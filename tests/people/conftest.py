"""The clock stands at noon, and a door is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.people.door import Door
from tests.people.stage import NOON, door_of


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """The clock stands at noon of 2026-03-31."""
    with clock.stopped(NOON):
        yield


@pytest.fixture
async def door(engine: AsyncEngine) -> AsyncIterator[Door]:
    """The front door."""
    async with door_of(engine) as made:
        yield made
