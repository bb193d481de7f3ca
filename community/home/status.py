"""How each programme stands, for whoever runs the installation."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from community.contributions.checks import pending
from community.contributions.models import State
from community.contributions.queries import count_in_state
from community.jobs.models import State as Waits
from community.jobs.queries import by_programme
from community.kit.db import reading
from community.ledger.queries import position
from community.members.models import Reader
from community.members.queries import count, count_touched
from community.programmes import queries as programmes
from community.standings.queries.present import last_run


async def status(engine: AsyncEngine) -> list[dict[str, Any]]:
    """A row a programme: version, members, ledger position, last run, and what waits."""
    rows = []
    async with reading(engine) as connection:
        jobs = await by_programme(connection)
        for one in await programmes.programmes(connection):
            run = await last_run(connection, one.id)
            everybody = one.everybody_touched
            touched = await count_touched(connection, one.id, Reader.STANDINGS)
            rows.append(
                {
                    "programme": one.slug,
                    "version": one.version,
                    "members": await count(connection, one.id),
                    "position": await position(connection, one.id),
                    "last_run": run[0] if run else None,
                    "finished": run[1] if run else None,
                    "to_evaluate": "everybody" if everybody else touched,
                    "to_review": await count_in_state(connection, one.id, State.SUBMITTED),
                    "to_reprice": await pending(connection, one),
                    "jobs": jobs.get((one.id, Waits.WAITING.value), 0) + jobs.get((one.id, Waits.RUNNING.value), 0),
                    "jobs_dead": jobs.get((one.id, Waits.DEAD.value), 0),
                }
            )
    return rows
