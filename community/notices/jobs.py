"""Jobs on messages: telling members and managers what records say, and the weekly digests in ranges."""

from __future__ import annotations

from datetime import date

from community.jobs.work import Kind, Work
from community.members import queries as members
from community.notices import actions
from community.notices.rules import digest_week
from community.programmes import queries as programmes

TELL, DIGEST, DIGEST_RANGE = "notices.tell", "notices.digest", "notices.digest_range"


async def tell(work: Work) -> None:
    """Makes the messages that the given records ask for, and queues the mails that go with them."""
    async with work.last() as connection:
        await actions.tell(connection, work.programme_id, work.arguments["records"])


async def digest(work: Work) -> None:
    """Queues the digests of the week before the programme's day, in ranges of members."""
    async with work.last() as connection:
        if work.parts_are_done:
            return
        programme = await programmes.programme_of(connection, work.programme_id)
        first_day, last_day = digest_week(programme.today)
        days = {"from": first_day.isoformat(), "to": last_day.isoformat()}
        ranges = await members.ranges(connection, programme.id, work.settings.range_size)
        if ranges:
            work.split(DIGEST_RANGE, [{"first": first, "last": last, **days} for first, last in ranges])


async def digest_range(work: Work) -> None:
    """Queues the digests of a range of members."""
    given = work.arguments
    days = date.fromisoformat(given["from"]), date.fromisoformat(given["to"])
    async with work.last() as connection:
        await actions.queue_digests(connection, work.programme_id, given["first"], given["last"], days)


JOBS = (Kind(TELL, tell), Kind(DIGEST, digest), Kind(DIGEST_RANGE, digest_range, heavy=True))
