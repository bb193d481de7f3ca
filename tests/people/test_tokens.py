"""Links that came by mail: made at random, stored as digests, used once, over in time, void with what they were bound
to (trust, item 10)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import Conflict
from community.members import queries as members
from community.people import queries
from community.people.actions import persons, tokens
from community.people.actions.tokens import LinkOver
from community.people.door import Door, SignInRefused
from community.people.models import PERSON, PERSONAL_CHANGE, TOKEN
from community.people.rules import LIVES, Purpose
from tests.people.stage import BETTER, GOOD, HOME, NOON, person, records, rows, token

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"
NEW = "ada@lovelace.example"
OF_A_PERSON = [Purpose.SIGN_IN, Purpose.RESET, Purpose.VERIFY]


async def use(engine: AsyncEngine, door: Door, purpose: Purpose, secret: str) -> None:
    if purpose is Purpose.SIGN_IN:
        await door.sign_in_by_link(secret, HOME)
    elif purpose is Purpose.RESET:
        await door.reset(secret, BETTER, HOME)
    else:
        async with writing(engine) as connection:
            await persons.set_email(connection, secret)


@pytest.mark.parametrize("purpose", OF_A_PERSON)
async def test_a_link_works_once_and_only_for_what_it_is(engine: AsyncEngine, door: Door, purpose: Purpose) -> None:
    ada = await person(engine)
    secret = await token(engine, purpose, ada, NEW)
    assert len(secret) == 43  # 256 bits
    assert secret not in str(await rows(engine, TOKEN))
    for other in OF_A_PERSON:
        if other is not purpose:
            with pytest.raises(LinkOver):
                await use(engine, door, other, secret)
    await use(engine, door, purpose, secret)
    with pytest.raises(LinkOver):
        await use(engine, door, purpose, secret)


@pytest.mark.parametrize("purpose", OF_A_PERSON)
async def test_a_link_is_over_in_time(engine: AsyncEngine, door: Door, purpose: Purpose) -> None:
    """Ten minutes for one that signs in, an hour for the others; a clock that was set back does not lengthen that."""
    ada = await person(engine)
    assert LIVES[purpose] == (timedelta(minutes=10) if purpose is Purpose.SIGN_IN else timedelta(hours=1))
    for moment in (LIVES[purpose], -timedelta(minutes=6)):
        secret = await token(engine, purpose, ada, NEW)
        with clock.stopped(NOON + moment), pytest.raises(LinkOver):
            await use(engine, door, purpose, secret)
    secret = await token(engine, purpose, ada, NEW)
    with clock.stopped(NOON + LIVES[purpose] - timedelta(seconds=1)):
        await use(engine, door, purpose, secret)


@pytest.mark.parametrize("purpose", OF_A_PERSON)
@pytest.mark.parametrize("change", ["password", "email", "deactivated"])
async def test_a_link_is_void_when_password_or_address_change(
    engine: AsyncEngine, door: Door, purpose: Purpose, change: str
) -> None:
    ada = await person(engine)
    secret = await token(engine, purpose, ada, "third@example.org")
    if change == "password":
        await door.reset(await token(engine, Purpose.RESET, ada), BETTER, HOME)
    elif change == "email":
        await use(engine, door, Purpose.VERIFY, await token(engine, Purpose.VERIFY, ada, NEW))
    else:
        async with writing(engine) as connection:
            await persons.deactivate(connection, ada, "cli")
    with pytest.raises(LinkOver):
        await use(engine, door, purpose, secret)


async def test_of_two_who_use_a_link_at_once_one_gets_in(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    for _ in range(5):
        secret = await token(engine, Purpose.SIGN_IN, ada)
        answers = await asyncio.gather(*(door.sign_in_by_link(secret, HOME) for _ in range(4)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in answers) == ["LinkOver"] * 3 + ["Opened"]


async def test_a_new_password_ends_every_session_and_the_old_one(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    await door.reset(await token(engine, Purpose.RESET, ada), BETTER, HOME)
    async with reading(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(opened.secret)) is None
    with pytest.raises(SignInRefused):
        await door.sign_in(ADA, GOOD, HOME)
    await door.sign_in(ADA, BETTER, HOME)


async def test_changing_the_password_from_a_session_keeps_that_one(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    kept, other = await door.sign_in(ADA, GOOD, HOME), await door.sign_in(ADA, GOOD, HOME)
    hashed = await door.hashed(BETTER, "Ada", ADA)
    async with writing(engine) as connection:
        await persons.set_password(connection, ada, hashed, keep=kept.id, by="password")
    async with reading(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(kept.secret)) is not None
        assert await members.visitor(connection, tokens.digest_of(other.secret)) is None


async def test_a_new_address_is_hers_once_its_link_was_used_and_history_does_not_name_it(
    engine: AsyncEngine, door: Door
) -> None:
    ada = await person(engine)
    async with writing(engine) as connection:
        await persons.ask_email(connection, ada, NEW)
    await door.sign_in(ADA, GOOD, HOME)
    await use(engine, door, Purpose.VERIFY, await token(engine, Purpose.VERIFY, ada, NEW))
    with pytest.raises(SignInRefused):
        await door.sign_in(ADA, GOOD, HOME)
    await door.sign_in(NEW.upper(), GOOD, HOME)
    [(_, subject, data)] = await records(engine, "person.email_changed")
    assert (subject, data["fields"]) == (str(ada), ["email"])
    [change] = await rows(engine, PERSONAL_CHANGE)
    assert (str(change.id), change.person_id, change.field) == (data["change"], ada, "email")
    assert (change.before, change.after) == (ADA, NEW)
    assert not [one for one in await records(engine) if "example" in str(one)]


async def test_an_address_that_somebody_has_by_then_is_not_taken(engine: AsyncEngine, door: Door) -> None:
    ada, zoe = await person(engine), await person(engine, "zoe@example.org")
    secret = await token(engine, Purpose.VERIFY, ada, "ZOE@example.org")
    with pytest.raises(Conflict, match="account already"):
        await use(engine, door, Purpose.VERIFY, secret)
    async with reading(engine) as connection:
        assert (await queries.by_email(connection, "zoe@example.org")).id == zoe
        assert (await queries.by_email(connection, ADA)).id == ada
    await door.sign_in(ADA, GOOD, HOME)


async def test_two_who_take_the_same_address_at_once(engine: AsyncEngine, door: Door) -> None:
    people = [await person(engine), await person(engine, "zoe@example.org")]
    secrets = [await token(engine, Purpose.VERIFY, one, NEW) for one in people]
    answers = await asyncio.gather(
        *(use(engine, door, Purpose.VERIFY, secret) for secret in secrets), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in answers) == ["Conflict", "NoneType"]
    assert [email for (email,) in await rows(engine, PERSON, "email")].count(NEW) == 1


async def test_one_address_has_one_account_in_any_spelling(engine: AsyncEngine) -> None:
    await person(engine, "Ada@Bücher.example")
    for spelling in ("ADA@BÜCHER.EXAMPLE", "ada@xn--bcher-kva.example", "ａda@bu\u0308cher.example"):
        with pytest.raises(Conflict):
            await person(engine, spelling)


async def test_links_that_are_over_are_cleaned_away(engine: AsyncEngine) -> None:
    ada = await person(engine)
    await token(engine, Purpose.SIGN_IN, ada)
    await token(engine, Purpose.RESET, ada)
    with clock.stopped(NOON + LIVES[Purpose.SIGN_IN]):
        async with writing(engine) as connection:
            assert await tokens.clean_up(connection) == 1
    assert await rows(engine, TOKEN, "purpose") == [("reset",)]
