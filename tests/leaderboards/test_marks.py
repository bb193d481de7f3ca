"""Whatever a place on a board rests on marks the member, and a prompt run brings the values to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit.db import reading, writing
from community.leaderboards.actions import refresh, touched_once
from community.leaderboards.checks import check_values
from community.leaderboards.queries.kept import kept
from community.leaderboards.queries.shown import board_of, rows
from community.leaderboards.rules import Row
from community.ledger import actions as ledger
from community.members.actions.status import set_status
from community.members.actions.take_in import take_in
from community.members.forms import MemberRow
from community.members.models import Reader, Status
from community.members.queries import touched
from community.programmes.queries import ProgrammeRow, programme
from community.standings.actions.byhand import Hand, hand, place
from tests.leaderboards.cast import World, book_of

pytestmark = pytest.mark.anyio

DAY = date(2025, 3, 31)
BOARDS = (
    {"key": "all", "metric": "points"},
    {"key": "french", "metric": "points", "only": {"countries": ["FR"]}},
    {"key": "pros", "metric": "points", "only": {"tiers": ["pro"]}},
)
Change = Callable[[AsyncConnection, ProgrammeRow, int], Awaitable[object]]
Seen = dict[str, list[Row]]


def row(**given: object) -> MemberRow:
    """A row of a file about ada that gives so much."""
    nothing: dict[str, object] = dict.fromkeys(MemberRow._fields)
    return MemberRow(**{**nothing, "handle": "ada", "folded": "ada", "attributes": {}, "warnings": (), **given})  # type: ignore[arg-type]  # as told


def taken_in(**given: object) -> Change:
    async def change(connection: AsyncConnection, found: ProgrammeRow, member_id: int) -> None:
        taken = await take_in(connection, found.id, [row(**given)], today=DAY)
        assert taken.updated == 1

    return change


def with_status(status: Status) -> Change:
    async def change(connection: AsyncConnection, found: ProgrammeRow, member_id: int) -> None:
        back = DAY + timedelta(days=9) if status is Status.ON_LEAVE else None
        await set_status(connection, found.id, member_id, status, today=DAY, actor="test", return_on=back)

    return change


async def adjusted(connection: AsyncConnection, found: ProgrammeRow, member_id: int) -> None:
    await ledger.adjust(connection, found.id, member_id, 3, day=DAY, version=1, note="thanks", actor="test")


async def placed(connection: AsyncConnection, found: ProgrammeRow, member_id: int) -> None:
    at: Hand = await hand(connection, found, "test", DAY)
    await place(at, member_id, "pro", "by hand")


CHANGES: dict[str, tuple[Change, Seen]] = {
    "points posted": (adjusted, {"all": [Row(1, "ada", "Ada", None, None, 12, 1)]}),
    "country": (
        taken_in(country="FR"),
        {"all": [Row(1, "ada", "Ada", "FR", None, 9, 1)], "french": [Row(1, "ada", "Ada", "FR", None, 9, 1)]},
    ),
    "name": (taken_in(name="Ada L."), {"all": [Row(1, "ada", "Ada L.", None, None, 9, 1)]}),
    "handle": (taken_in(handle="ADA"), {"all": [Row(1, "ADA", "Ada", None, None, 9, 1)]}),
    "on_boards": (taken_in(on_boards=False), {}),
    "status by a file": (taken_in(status=Status.ALUMNI, left_on=DAY), {}),
    "left": (with_status(Status.LEFT), {}),
    "on leave": (with_status(Status.ON_LEAVE), {"all": [Row(1, "ada", "Ada", None, None, 9, 1)]}),
    "tier": (
        placed,
        {"all": [Row(1, "ada", "Ada", None, "pro", 9, 1)], "pros": [Row(1, "ada", "Ada", None, "pro", 9, 1)]},
    ),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_is_on_the_boards_after_a_prompt_run(engine: AsyncEngine, what: str) -> None:
    async with writing(engine) as connection:
        world = World(book_of("aces", *BOARDS))
        await world.begin(connection)
        ada = await world.join(connection, "ada")
        await world.give(connection, ada, date(2025, 3, 1), 9)
    await refresh(engine, "aces", DAY)
    change, expected = CHANGES[what]
    async with writing(engine) as connection:
        await change(connection, await programme(connection, "aces"), ada.id)
    async with reading(engine) as connection:
        assert await touched(connection, world.id, Reader.BOARDS, most=9) == [ada.id]
    assert await shown(engine, fresh=False) == expected
    async with writing(engine) as connection:
        assert not await touched_once(connection, await programme(connection, "aces"), DAY, 100)
    assert await shown(engine, fresh=True) == expected


async def shown(engine: AsyncEngine, *, fresh: bool) -> Seen:
    """The boards on which somebody stands; read as they are kept where that is fresh."""
    found: Seen = {}
    async with reading(engine) as connection:
        now = await programme(connection, "aces")
        for board in now.book.leaderboards:
            assert (await kept(connection, now, board_of(now, board.key), DAY)).fresh == fresh
            places = [one async for batch in rows(connection, now, board, DAY) for one in batch]
            if places:
                found[board.key] = places
        assert [one async for one in check_values(connection, now)] == []
    return found
