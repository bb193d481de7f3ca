"""Processes whose clocks differ by a little: what one makes due, another takes at once, not with its next sweep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs.actions import NewJob
from community.kit import clock
from tests.jobs.stage import add, effects, runner, with_effects

pytestmark = pytest.mark.anyio


async def test_a_job_from_a_process_a_little_ahead_is_taken_when_told(engine: AsyncEngine) -> None:
    await with_effects(engine)
    with clock.stopped(clock.now() + timedelta(milliseconds=100)):
        [job] = await add(engine, NewJob("do", None, {"what": "x"}))
    async with runner(engine) as at:
        await at.told([str(job.id)])
    assert await effects(engine) == ["x"]
