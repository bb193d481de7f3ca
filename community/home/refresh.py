"""Bringing everything derived to a day: standings first, then the boards, which show tiers."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from community.leaderboards import actions as leaderboards
from community.standings.actions import run
from community.standings.actions.run import BY_RULES, Progress, Report


async def refresh(
    engine: AsyncEngine,
    slug: str,
    day: date | None = None,
    *,
    full: bool = False,
    dry: bool = False,
    quiet: bool = False,
    range_size: int = 10_000,
    connections: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Evaluates the members for a day (`standings.actions.run.refresh`), then brings the boards' values to it."""
    report = await run.refresh(
        engine, slug, day, actor=BY_RULES, full=full, dry=dry, quiet=quiet, range_size=range_size,
        connections=connections, progress=progress,
    )  # fmt: skip
    if not dry:
        await leaderboards.refresh(engine, slug, report.day, range_size=range_size, connections=connections)
    return report
