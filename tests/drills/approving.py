"""`python -m tests.drills.approving before|after|never URL ID…`: approves one after another, and may be killed in the
middle of the first: before its commit, with all rows and jobs written, or after it, before anybody is told.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.flow import BY_RECORD, FLOW
from community.jobs.actions import Told
from community.jobs.following import Following, Silent
from community.kit import db
from community.kit.db import Happened
from community.kit.errors import Conflict
from tests.drills.reviewing import approve


class Killed(Following):
    """Follows as the product does, and kills the process at one of two moments."""

    when = "never"

    async def before_commit(self, connection: AsyncConnection, happened: Happened) -> None:
        """Writes the jobs that follow."""
        await super().before_commit(connection, happened)
        if self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    async def after_commit(self, told: Sequence[Told]) -> None:
        """Tells, unless it is killed."""
        if self.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().after_commit(told)


async def main(when: str, url: str, ids: Sequence[str]) -> None:
    """Says `begins`, and then what each came to."""
    follower = Killed(FLOW, BY_RECORD, Silent())
    follower.when = when
    engine = db.create_engine(url, 1)
    db.follow(engine, follower)
    print("begins", flush=True)
    for one in ids:
        try:
            await approve(engine, UUID(one))
            print("approved", flush=True)
        except Conflict:
            print("conflict", flush=True)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
