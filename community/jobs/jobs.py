"""The jobs on jobs: cleaning away those that ended."""

from __future__ import annotations

from datetime import timedelta

from community.jobs import actions
from community.jobs.work import Kind, Work
from community.kit.clock import now

CLEANED_AT_ONCE = 5_000


async def clean(work: Work) -> None:
    """Removes jobs that ended some days ago, in transactions of some rows each."""
    before = now() - timedelta(days=work.settings.jobs_kept_days)
    gone = CLEANED_AT_ONCE
    while gone == CLEANED_AT_ONCE:
        async with work.step() as connection:
            gone = await actions.clean(connection, finished_before=before, most=CLEANED_AT_ONCE)


JOBS = (Kind("jobs.clean", clean),)
