"""Jobs that look at many rooms at once: the nightly proof of the ledger."""

from __future__ import annotations

from community.history.actions import Line, write
from community.home.verify import verify
from community.jobs.work import Kind, Work
from community.kit import log
from community.kit.db import reading
from community.programmes import queries as programmes

VERIFYING_SECONDS = 6 * 3_600

_log = log.logger("home")


async def prove(work: Work) -> None:
    """Recomputes everything of a programme; what it found is a record, and differences are an error in the log."""
    async with reading(work.engine) as connection:
        programme = await programmes.programme_of(connection, work.programme_id)
    async for found in verify(work.engine, programme.slug):
        if found.differences:
            _log.error("ledger differs", programme=found.slug, differences=found.differences, first=found.shown[:3])
        data = {"position": found.position, "differences": found.differences, "pending": found.pending}
        async with work.last() as connection:
            await write(connection, programme.id, "jobs", [Line("ledger.verified", data=data)])


JOBS = (Kind("ledger.verify", prove, heavy=True, seconds=VERIFYING_SECONDS, tries=3),)
