"""Sessions: secrets, ages, ends (trust, items 14 to 18)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import NotFound, SignInFirst
from community.members import queries as members
from community.people import queries, rules
from community.people.actions import roles, sessions, tokens
from community.people.door import Door
from community.people.models import SESSION
from community.people.rules import Place, Role, Visitor
from tests.people.stage import GOOD, HOME, NOON, after, grow, person, place, records, rows

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"


async def whose(engine: AsyncEngine, secret: str) -> Visitor | None:
    async with reading(engine) as connection:
        return await members.visitor(connection, tokens.digest_of(secret))


async def test_a_session_s_secret_is_long_random_and_stored_as_a_digest_only(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    secrets = {(await door.sign_in(ADA, GOOD, HOME)).secret for _ in range(9)}
    assert len(secrets) == 9
    assert {len(one) for one in secrets} == {43}  # 256 bits
    stored = str(await rows(engine, SESSION))
    assert not [one for one in secrets if one in stored]


async def test_signing_in_again_begins_another_session_and_one_that_was_planted_is_none(
    engine: AsyncEngine, door: Door
) -> None:
    """Fixation: whatever cookie came along, the session has a secret that nobody knew before."""
    await person(engine)
    planted = "a" * 43
    opened = await door.sign_in(ADA, GOOD, HOME)
    again = await door.sign_in(ADA, GOOD, HOME)
    assert len({planted, opened.secret, again.secret}) == 3
    assert await whose(engine, planted) is None
    for secret in (opened.secret, again.secret):
        visitor = await whose(engine, secret)
        assert visitor is not None
        assert visitor.email == ADA


async def test_saying_who_one_is_gives_the_session_another_secret(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    with clock.stopped(after(minutes=20)):
        visitor = await whose(engine, opened.secret)
        assert visitor is not None
        assert not rules.confirmed(visitor.confirmed_at, clock.now())
        confirmed = await door.confirm(opened.secret, GOOD, HOME)
        assert confirmed.id == opened.id
        assert await whose(engine, opened.secret) is None
        visitor = await whose(engine, confirmed.secret)
        assert visitor is not None
        assert rules.confirmed(visitor.confirmed_at, clock.now())
        with pytest.raises(SignInFirst):
            await door.confirm(opened.secret, GOOD, HOME)


HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("role", "used_at", "asked_at", "lives"),
    [
        (None, [], 12 * HOURS - MINUTES, True),
        (None, [], 12 * HOURS, False),
        (None, [11 * HOURS * n for n in range(1, 66)], 719 * HOURS, True),
        (None, [11 * HOURS * n for n in range(1, 66)], 720 * HOURS, False),
        (Role.REVIEWER, [], 29 * MINUTES, True),
        (Role.REVIEWER, [], 30 * MINUTES, False),
        (Role.LEAD, [29 * MINUTES * n for n in range(1, 25)], 719 * MINUTES, True),
        (Role.LEAD, [29 * MINUTES * n for n in range(1, 25)], 720 * MINUTES, False),
        (None, [], -4 * MINUTES, True),
        (None, [], -6 * MINUTES, False),
    ],
    ids=lambda value: "used" if isinstance(value, list) else str(value),
)
async def test_how_long_a_session_lives(
    engine: AsyncEngine, door: Door, role: Role | None, used_at: list[timedelta], asked_at: timedelta, lives: bool
) -> None:
    """Members: 12 hours unused, 30 days at all; whoever holds a role: 30 minutes, 12 hours. A clock that is set back
    lengthens nothing."""
    tree, ada = await grow(engine), await person(engine)
    if role is not None:
        async with writing(engine) as connection:
            await roles.grant(connection, ada, role, Place(unit_id=tree.south), "cli")
    opened = await door.sign_in(ADA, GOOD, HOME)
    for moment in used_at:
        with clock.stopped(NOON + moment):
            assert await whose(engine, opened.secret) is not None
            async with writing(engine) as connection:
                await sessions.seen(connection, [opened.id])
    with clock.stopped(NOON + asked_at):
        assert (await whose(engine, opened.secret) is not None) == lives


async def test_a_role_that_ends_makes_the_session_one_of_a_member_again(engine: AsyncEngine, door: Door) -> None:
    tree, ada = await grow(engine), await person(engine)
    async with writing(engine) as connection:
        await roles.grant(connection, ada, Role.MANAGER, Place(unit_id=tree.south), "cli", until=NOON.date())
    opened = await door.sign_in(ADA, GOOD, HOME)
    with clock.stopped(datetime(2026, 3, 31, 13, tzinfo=NOON.tzinfo)):
        assert await whose(engine, opened.secret) is None
    with clock.stopped(datetime(2026, 4, 1, 0, 0, 1, tzinfo=NOON.tzinfo)):  # 12 hours and a second after
        assert await whose(engine, opened.secret) is None


async def test_a_session_that_was_signed_out_is_over_and_stays_so(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    async with writing(engine) as connection:
        await sessions.end(connection, ada, opened.id)
    assert await whose(engine, opened.secret) is None
    with pytest.raises(NotFound):
        async with writing(engine) as connection:
            await sessions.end(connection, ada, opened.id)


async def test_one_sees_one_s_own_sessions_and_ends_each_of_them_and_nobody_else_s(
    engine: AsyncEngine, door: Door
) -> None:
    ada, zoe = await person(engine), await person(engine, "zoe@example.org")
    first = await door.sign_in(ADA, GOOD, place(1))
    with clock.stopped(after(minutes=5)):
        await door.sign_in(ADA, GOOD, HOME)
    others = await door.sign_in("zoe@example.org", GOOD, HOME)
    async with reading(engine) as connection:
        assert [one.agent for one in await queries.sessions(connection, ada)] == ["Firefox", "curl"]
    with pytest.raises(NotFound):
        async with writing(engine) as connection:
            await sessions.end(connection, ada, others.id)
    async with writing(engine) as connection:
        await sessions.end(connection, ada, first.id)
    async with reading(engine) as connection:
        assert [one.agent for one in await queries.sessions(connection, ada)] == ["Firefox"]
        assert len(await queries.sessions(connection, zoe)) == 1


async def test_signing_out_everywhere_leaves_the_session_at_hand(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    opened = [await door.sign_in(ADA, GOOD, HOME) for _ in range(4)]
    other = await door.sign_in("zoe@example.org", GOOD, HOME) if await person(engine, "zoe@example.org") else None
    async with writing(engine) as connection:
        assert await sessions.end_all(connection, [ada], "cli", keep=opened[0].id, why="everywhere") == 3
    assert [await whose(engine, one.secret) is not None for one in opened] == [True, False, False, False]
    assert other is not None
    assert await whose(engine, other.secret) is not None
    assert len(await records(engine, "person.signed_out")) == 3


async def test_a_session_is_used_up_by_no_clock_that_goes_back(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    with clock.stopped(after(hours=-1)):
        async with writing(engine) as connection:
            await sessions.seen(connection, [opened.id])
    assert await rows(engine, SESSION, "seen_at") == [(NOON,)]


async def test_what_nobody_can_use_any_more_is_cleaned_away(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    await door.sign_in(ADA, GOOD, HOME)
    with clock.stopped(after(hours=13)):
        kept = await door.sign_in(ADA, GOOD, HOME)
        async with writing(engine) as connection:
            assert await sessions.clean_up(connection) == 1
        assert await rows(engine, SESSION, "id") == [(kept.id,)]


async def test_who_visits_is_one_statement(engine: AsyncEngine, door: Door) -> None:
    await grow(engine)
    await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    from sqlalchemy import event

    async with reading(engine) as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", count)
        await _visit(connection, opened.secret)
    assert len(asked) == 1


async def _visit(connection: AsyncConnection, secret: str) -> None:
    assert await members.visitor(connection, tokens.digest_of(secret), programme="pros") is not None
