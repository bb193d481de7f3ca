"""Jobs on messages: telling members and managers what records say."""

from __future__ import annotations

from community.jobs.work import Kind, Work
from community.notices import actions


async def tell(work: Work) -> None:
    """Makes the messages that the given records ask for."""
    async with work.last() as connection:
        await actions.tell(connection, work.programme_id, work.arguments["records"])


JOBS = (Kind("notices.tell", tell),)
