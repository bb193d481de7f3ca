"""What follows from what happened: standings, boards, messages, runs over everybody; nothing from a rollback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.changes import actions as changes
from community.contributions.actions import review
from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, arrivals, take_in
from community.flow import followed
from community.jobs import queries
from community.jobs.following import Silent
from community.jobs.runner import Runner
from community.jobs.timetable import Timetable
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.settings import Settings
from community.members.actions.status import set_status
from community.members.actions.take_in import create_named, ids_of
from community.members.models import Status
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.actions import byhand
from workers.main import KINDS
from workers.schedule import SCHEDULE, places

pytestmark = pytest.mark.anyio

BOOK = """\
format: 1
programme: {{slug: aces, name: Aces, timezone: Asia/Kathmandu, locale: en}}
contribution_types: [{{key: post, name: Post, points: {{base: 10}}}}]
tiers:
  - {{key: star, name: Star, gain: {{metric: points, min: {least}, window: 30d}}, grace_days: 10}}
leaderboards: [{{key: all, name: All, metric: points}}]
"""
NOON = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)


@pytest.fixture
async def aces(engine: AsyncEngine) -> AsyncEngine:
    """An engine whose transactions are followed, with a programme of two members that was run once."""
    followed(engine, Silent())
    with clock.stopped(NOON):
        await apply(engine, 10)
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, "aces")
            joined = date(2026, 1, 1)
            new = {handle: (handle, handle.title(), joined) for handle in ("ada", "ben")}
            await create_named(connection, programme.id, new)
        await everything_due(engine)
    return engine


async def apply(engine: AsyncEngine, least: int) -> None:
    """The book with this threshold in force."""
    book = BOOK.format(least=least)
    await changes.apply(engine, NewVersion(parse(book, "book.yaml").book, book), actor="cleo")


@asynccontextmanager
async def runner(engine: AsyncEngine) -> AsyncIterator[Runner]:
    """A runner of the product's jobs."""
    made = Runner(engine, KINDS, Settings(range_size=1))
    yield made
    await made.stop(1)


async def everything_due(engine: AsyncEngine) -> None:
    """Runs jobs until none is due."""
    async with runner(engine) as at:
        for _ in range(12):
            await at.short()
            await at.heavy()
            await at.tried()
    async with reading(engine) as connection:
        assert {state for _kind, state, _count in await queries.counts(connection)} <= {"done"}


async def report(engine: AsyncEngine, handle: str, day: date, count: int = 1) -> list[Any]:
    """Contributions that wait for review; answers their ids."""
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "aces")
        member = (await ids_of(connection, programme.id, [handle]))[handle]
        first = await arrivals(connection, programme.id, count)
        content = Content("post", "A post", None, day, None, None, {})
        rows = [Incoming(member, f"{handle}-{first + one}", content, first + one) for one in range(count)]
        await take_in(connection, programme, "file", rows, approve=False, actor="ada")
        found = await connection.scalars(text("SELECT id FROM contribution WHERE state = 'submitted'"))
        return list(found)


async def approve_all(engine: AsyncEngine) -> None:
    """Approves what waits."""
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "aces")
        ids = await review_queue(connection)
        await review.approve(connection, programme, ids, actor="ben")


async def review_queue(connection: Any) -> list[Any]:
    """Ids of what waits for review."""
    from community.contributions.models import CONTRIBUTION

    statement = CONTRIBUTION.select().with_only_columns(CONTRIBUTION.c.id).where(CONTRIBUTION.c.state == "submitted")
    return list((await connection.scalars(statement)).all())


async def rows(engine: AsyncEngine, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a statement."""
    async with reading(engine) as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


TIERS = "SELECT handle, tier FROM member JOIN standing ON member_id = member.id ORDER BY handle"
VALUES = "SELECT handle, value FROM member JOIN board_value ON member_id = member.id ORDER BY handle"
MESSAGES = "SELECT recipient, verb FROM message ORDER BY record_id"


async def test_an_approval_leads_to_tier_board_and_message(aces: AsyncEngine) -> None:
    with clock.stopped(NOON):
        await report(aces, "ada", date(2026, 3, 1))
        await approve_all(aces)
        await everything_due(aces)
    assert await rows(aces, TIERS) == [("ada", "star")]
    assert await rows(aces, VALUES) == [("ada", 10)]
    assert await rows(aces, MESSAGES) == [("member", "contribution.approved"), ("member", "tier.gained")]


async def test_approvals_that_wait_are_taken_together_by_one_run(aces: AsyncEngine) -> None:
    with clock.stopped(NOON):
        for handle in ("ada", "ben", "ada"):
            await report(aces, handle, date(2026, 3, 2))
            await approve_all(aces)
        async with runner(aces) as at:
            await at.short()
    assert await rows(aces, "SELECT count(*) FROM decision") == [(2,)]
    # one run took all three, and the second of ada's approvals found nothing left to decide
    assert await rows(aces, "SELECT handle, decisions FROM member JOIN standing ON member_id = member.id") == [
        ("ada", 1),
        ("ben", 1),
    ]


async def test_nothing_follows_from_what_was_rolled_back(aces: AsyncEngine) -> None:
    before = await rows(aces, "SELECT count(*) FROM job")
    with clock.stopped(NOON), pytest.raises(ArithmeticError):
        await _fails(aces)
    assert await rows(aces, "SELECT count(*) FROM job") == before


async def _fails(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "aces")
        await create_named(connection, programme.id, {"eve": ("eve", "Eve", date(2026, 1, 1))})
        raise ArithmeticError


async def test_a_new_version_leads_to_a_run_over_everybody(aces: AsyncEngine) -> None:
    with clock.stopped(NOON):
        await report(aces, "ada", date(2026, 3, 1))
        await approve_all(aces)
        await everything_due(aces)
        await apply(aces, 20)
        await everything_due(aces)
        assert await rows(aces, "SELECT tier, at_risk_since IS NOT NULL FROM standing") == [("star", True)]
        await apply(aces, 5)
        await everything_due(aces)
    assert await rows(aces, "SELECT tier, at_risk_since IS NOT NULL FROM standing") == [("star", False)]
    told = [verb for _recipient, verb in await rows(aces, MESSAGES)]
    assert told == ["contribution.approved", "tier.gained", "standing.at_risk", "standing.safe"]


async def _lock(engine: AsyncEngine, handle: str) -> None:
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "aces")
        member = (await ids_of(connection, programme.id, [handle]))[handle]
        await byhand.lock(await byhand.hand(connection, programme, "cleo"), member)


async def _leave(engine: AsyncEngine, handle: str) -> None:
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "aces")
        member = (await ids_of(connection, programme.id, [handle]))[handle]
        await set_status(connection, programme.id, member, Status.ALUMNI, today=programme.today, actor="cleo")


@pytest.mark.parametrize("change", [_lock, _leave], ids=["locked", "left"])
async def test_whatever_touches_a_member_leads_to_a_prompt_run(
    aces: AsyncEngine, change: Callable[[AsyncEngine, str], Awaitable[None]]
) -> None:
    with clock.stopped(NOON):
        await change(aces, "ada")
        waiting = "SELECT kind FROM job WHERE state = 'waiting' ORDER BY kind"
        assert ("standings.prompt",) in await rows(aces, waiting)
        await everything_due(aces)
    assert await rows(aces, "SELECT count(*) FROM touched WHERE reader = 'standings'") == [(0,)]


async def test_midnight_of_the_programme_leads_to_its_daily_run_and_missed_days_are_made_up(aces: AsyncEngine) -> None:
    """Kathmandu is 5 h 45 min ahead: its 11 March begins at 18:15 UTC of the 10th."""
    timetable = Timetable(aces, SCHEDULE, places)
    days = "SELECT day, finished_at IS NOT NULL FROM run ORDER BY day"
    with clock.stopped(NOON):
        await timetable.plan()
        await everything_due(aces)
        assert len(await rows(aces, days)) == 1
    with clock.stopped(datetime(2026, 3, 10, 18, 14, tzinfo=UTC)):
        await timetable.plan()
        await everything_due(aces)
        assert len(await rows(aces, days)) == 1
    with clock.stopped(datetime(2026, 3, 10, 18, 15, 1, tzinfo=UTC)):
        await timetable.plan()
        assert await Timetable(aces, SCHEDULE, places).plan() == 0, "a slot is taken once, by whomever"
        await everything_due(aces)
        assert len(await rows(aces, days)) == 2
    with clock.stopped(NOON + timedelta(days=4)):
        await timetable.plan()
        await everything_due(aces)
    found = await rows(aces, days)
    assert [str(day) for day, _finished in found] == [f"2026-03-{day}" for day in (10, 11, 12, 13, 14)]
    assert all(finished for _day, finished in found)


async def test_a_prompt_run_waits_for_missed_days_and_sees_to_it_that_they_are_run(aces: AsyncEngine) -> None:
    with clock.stopped(NOON + timedelta(days=3)):
        await report(aces, "ada", date(2026, 3, 12))
        await approve_all(aces)
        await everything_due(aces)
    assert await rows(aces, "SELECT count(*) FROM run") == [(4,)]
    assert [str(row[0]) for row in await rows(aces, "SELECT day FROM decision")] == ["2026-03-13"]
