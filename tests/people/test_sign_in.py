"""Signing in: what is tried too often, what is told to strangers, what a lockout cannot do (trust, items 6, 7, 9)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import writing
from community.kit.errors import TooMany
from community.kit.mail.models import MAIL
from community.kit.rates.rate import Rate
from community.members import queries as members
from community.people import queries, rules
from community.people.actions import persons, tokens
from community.people.actions.tokens import LinkOver
from community.people.door import Door, SignInRefused
from community.people.models import SESSION
from community.people.passwords import Hasher
from community.people.rules import Purpose
from tests.people.stage import BETTER, GOOD, HOME, after, door_of, person, place, records, rows, token

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"


async def refused(door: Door, times: int, email: str = ADA, origin: Callable[[int], object] = place) -> None:
    for number in range(times):
        with pytest.raises(SignInRefused):
            await door.sign_in(email, "not her password", origin(number))  # type: ignore[arg-type]


async def test_ada_signs_in_by_password_in_any_spelling_of_her_address(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine, "Ada@Example.org")
    opened = await door.sign_in("  ADA@example.ORG ", GOOD, HOME)
    assert opened.person_id == ada
    [(agent,)] = await rows(engine, SESSION, "agent")
    assert agent == "Firefox"
    assert (await records(engine, "person.signed_in"))[0][1:] == (
        str(ada),
        {"session": str(opened.id), "by": "password"},
    )


@pytest.mark.parametrize("known", [True, False])
async def test_the_eleventh_wrong_password_in_five_minutes_is_not_looked_at(
    engine: AsyncEngine, door: Door, known: bool
) -> None:
    """From wherever it comes, and whoever's address it is."""
    if known:
        await person(engine)
    await refused(door, 10)
    with pytest.raises(TooMany) as told:
        await door.sign_in(ADA, GOOD, place(200))
    assert 1 <= told.value.wait_seconds <= 300
    with clock.stopped(after(seconds=301)):
        await refused(door, 1)


async def test_what_was_tried_is_known_to_every_process_and_after_a_restart(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    async with door_of(engine) as other:
        for number in range(5):
            await refused(door, 1, origin=lambda _, n=number: place(n))  # type: ignore[misc]
            await refused(other, 1, origin=lambda _, n=number: place(n))  # type: ignore[misc]
    async with door_of(engine) as begun_anew:
        with pytest.raises(TooMany):
            await begun_anew.sign_in(ADA, GOOD, HOME)


async def test_one_network_tries_no_more_than_a_hundred_accounts(engine: AsyncEngine, door: Door) -> None:
    for number in range(100):
        with pytest.raises(SignInRefused):
            await door.sign_in(f"{number}@example.org", "not her password", HOME)
    with pytest.raises(TooMany):
        await door.sign_in("another@example.org", "not her password", HOME)
    await refused(door, 1, "another@example.org")


async def test_all_networks_together_are_limited_too(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SIGN_IN_BY_ALL", Rate("sign-in-all", 3, 300))
    async with door_of(engine) as door:
        for number in range(3):
            await refused(door, 1, f"{number}@example.org")
        with pytest.raises(TooMany):
            await door.sign_in(ADA, GOOD, HOME)


async def test_who_signs_in_has_a_clean_slate(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    for _ in range(3):
        await refused(door, 9)
        await door.sign_in(ADA, GOOD, HOME)


async def test_a_lockout_keeps_nobody_from_an_open_session_a_reset_or_saying_who_they_are(
    engine: AsyncEngine, door: Door
) -> None:
    """Fifty networks attack ada's account; she goes on working, and may choose a new password."""
    await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    for number in range(50):
        with pytest.raises((SignInRefused, TooMany)):
            await door.sign_in(ADA, "not her password", place(number))
    async with writing(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(opened.secret)) is not None
    confirmed = await door.confirm(opened.secret, GOOD, HOME)
    await door.ask_link(ADA, Purpose.RESET, HOME)
    await door.reset(await token(engine, Purpose.RESET, confirmed.person_id), BETTER, HOME)


async def test_guessing_at_an_open_session_is_limited_for_itself(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    opened = await door.sign_in(ADA, GOOD, HOME)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await door.confirm(opened.secret, "not her password", HOME)
    with pytest.raises(TooMany):
        await door.confirm(opened.secret, GOOD, HOME)


async def test_links_are_asked_for_five_times_in_a_quarter_of_an_hour(engine: AsyncEngine, door: Door) -> None:
    for number in range(5):
        await door.ask_link(ADA, Purpose.SIGN_IN, place(number))
    with pytest.raises(TooMany):
        await door.ask_link(ADA, Purpose.RESET, place(9))


async def test_at_the_same_moment_no_more_are_tried_than_one_after_the_other(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    answers = await asyncio.gather(
        *(door.sign_in(ADA, "not her password", place(number)) for number in range(30)), return_exceptions=True
    )
    kinds = sorted(type(one).__name__ for one in answers)
    assert kinds == ["SignInRefused"] * 10 + ["TooMany"] * 20


@pytest.mark.parametrize(
    "typed", ["", "ada", "a\0da@example.org", "\ud800@example.org", "a" * 100_000, "ada@example.org\n"]
)
async def test_whatever_is_typed_as_an_address_is_one_that_nobody_has(
    engine: AsyncEngine, door: Door, typed: str
) -> None:
    await person(engine, "zoe@example.org")
    with pytest.raises(SignInRefused):
        await door.sign_in(typed, "\ud800 and \0", HOME)


async def test_who_has_no_password_signs_in_by_link_only(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine, password=None)
    with pytest.raises(SignInRefused):
        await door.sign_in(ADA, "", HOME)
    opened = await door.sign_in_by_link(await token(engine, Purpose.SIGN_IN, ada), HOME)
    assert opened.person_id == ada


async def test_the_deactivated_are_told_what_strangers_are_told(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    async with writing(engine) as connection:
        await persons.deactivate(connection, ada, "cli")
    with pytest.raises(SignInRefused):
        await door.sign_in(ADA, GOOD, HOME)
    with pytest.raises(LinkOver):
        await door.sign_in_by_link(await token(engine, Purpose.SIGN_IN, ada), HOME)


Way = Callable[[Door, str, int], Awaitable[object]]


async def _by_password(door: Door, email: str, number: int) -> object:
    try:
        return await door.sign_in(email, "not her password", place(number))
    except SignInRefused as error:
        return str(error)


async def _link(door: Door, email: str, number: int) -> object:
    await door.ask_link(email, Purpose.SIGN_IN, place(number))
    return "sent"


async def _reset(door: Door, email: str, number: int) -> object:
    await door.ask_link(email, Purpose.RESET, place(number))
    return "sent"


class Checked(Hasher):
    """Cheap hashes, which counts those that it made or checked."""

    def __init__(self) -> None:
        super().__init__(memory_kib=8, passes=1)
        self.count = 0

    async def hash(self, password: str) -> str:
        """One more."""
        self.count += 1
        return await super().hash(password)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """One more."""
        self.count += 1
        return await super().verify(password, stored)


@pytest.mark.parametrize("way", [_by_password, _link, _reset])
async def test_known_and_unknown_addresses_have_one_answer_after_the_same_work(
    engine: AsyncEngine, door: Door, way: Way
) -> None:
    """The same statements in the same order, and as many hashes, which is what takes time."""
    await person(engine, "known@example.org")
    hasher, said = Checked(), list[str]()
    door = replace(door, hasher=hasher)
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    answers, work = [], []
    for number, kind in enumerate(("unknown", "known", "unknown", "known")):
        said.clear()
        hasher.count = 0
        answers.append(await way(door, f"{kind}@example.org", number))
        work.append((hasher.count, list(said)))
    assert len(set(map(str, answers))) == 1
    assert work[0][1]
    assert work[1] == work[0]
    assert work[3] == work[2]
    hasher.close()


async def test_what_is_written_for_a_link_is_the_same_for_every_address(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    await door.ask_link(ADA, Purpose.RESET, HOME)
    await door.ask_link("zoe@example.org", Purpose.RESET, HOME)
    one, other = await rows(engine, MAIL)
    different = {"id", "cause", "recipient", "address", "created_at", "due_at", "ends_at"}
    assert {k: v for k, v in one._asdict().items() if k not in different} == {
        k: v for k, v in other._asdict().items() if k not in different
    }
    asked = await records(engine, "person.link_asked")
    assert [(subject, sorted(data)) for _, subject, data in asked] == [(None, ["mail", "purpose"])] * 2
    assert ada
    assert not [one for one in await records(engine) if ADA in str(one) or "zoe" in str(one)]


async def test_an_empty_installation_has_no_account(engine: AsyncEngine, door: Door) -> None:
    """Nor a password that everybody knows (trust, item 8)."""
    async with writing(engine) as connection:
        assert not await queries.anybody(connection)
    for name in ("admin", "root", "admin@example.org", "admin@localhost"):
        for password in ("admin", "password", "", "community"):
            with pytest.raises(SignInRefused):
                await door.sign_in(name, password, HOME)
