"""Passwords: which are taken, which are refused, and how they are kept (trust, items 1, 2, 3 and 5)."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from time import monotonic

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.errors import InputRefused
from community.people import rules
from community.people.door import Door, SignInRefused
from community.people.models import PERSON
from community.people.passwords import Hasher, common
from community.people.rules import Purpose
from tests.people.stage import BETTER, CHEAP, GOOD, HOME, person, rows, token

pytestmark = pytest.mark.anyio
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_two_passwords_that_differ_in_the_hundredth_character_are_two(engine: AsyncEngine, door: Door) -> None:
    long = "so long a sentence " * 6
    first, second = long[:99] + "a", long[:99] + "b"
    await person(engine, password=first)
    await door.sign_in("ada@example.org", first, HOME)
    with pytest.raises(SignInRefused):
        await door.sign_in("ada@example.org", second, HOME)


@ONLY_SQLITE
@pytest.mark.parametrize("other", [GOOD.strip(), GOOD.upper(), f" {GOOD} ", f"{GOOD}\u00a0"])
async def test_space_case_and_form_of_a_password_count(engine: AsyncEngine, door: Door, other: str) -> None:
    await person(engine, password=f" {GOOD}")
    await door.sign_in("ada@example.org", f" {GOOD}", HOME)
    with pytest.raises(SignInRefused):
        await door.sign_in("ada@example.org", other, HOME)


@ONLY_SQLITE
async def test_composed_and_decomposed_are_two_passwords(engine: AsyncEngine, door: Door) -> None:
    composed = "caf\u00e9 au lait et croissant"
    await person(engine, password=composed)
    with pytest.raises(SignInRefused):
        await door.sign_in("ada@example.org", "cafe\u0301 au lait et croissant", HOME)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("fourteen chars", "short"),
        ("x" * 1_001, "long"),
        ("passwordpassword", "common"),
        ("Password1234567", "common"),
        ("!!!!qwertyuiop!!!!", "common"),
        ("123456789123456789", "common"),
        ("ＰＡＳＳＷＯＲＤ1234567", "common"),
        ("ada.lovelace1815", "known"),
        ("Lovelace-Lovelace", "known"),
        ("community 26 The Aces", "known"),
        ("TheAcesCommunity", "known"),
        ("ada@example.org1", "known"),
        ("fifteen letters", None),
        ("x" * 999 + "y", None),
        ("lovelace wrote of engines", None),
    ],
)
def test_which_passwords_are_refused(password: str, why: str | None) -> None:
    words = rules.words_of("Ada Lovelace", "ada@example.org") | rules.titles_of(["community", "The Aces"])
    assert rules.weakness(password, common(), words, 15) == why


def test_a_setting_lowers_the_length_to_eight_and_no_further() -> None:
    assert rules.weakness("kümmel-7", common(), (), 8) is None
    assert rules.weakness("kümmel7", common(), (), 1) == "short"


def test_the_list_is_long_enough_for_the_shortest_that_can_be_set() -> None:
    assert len([one for one in common() if len(one) >= rules.PASSWORD_FLOOR]) >= 3_000


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=15, max_size=200))
def test_there_is_no_rule_of_composition(password: str) -> None:
    """What is neither in the list nor made of one's name is taken, whatever it is made of."""
    assume(rules.weakness(password, common(), (), 15) != "common")
    assert rules.weakness(password, (), (), 15) is None


@pytest.mark.parametrize("password", ["a" * 14 + "\ud800", "\0" * 20, "🐝" * 15, "\t" * 15])
async def test_every_character_can_be_part_of_a_password(password: str) -> None:
    hashed = await CHEAP.hash(password)
    assert await CHEAP.verify(password, hashed) == (True, None)
    assert await CHEAP.verify(password[:-1], hashed) == (False, None)


async def test_what_is_stored_is_argon2id_of_no_less_than_the_published_cost() -> None:
    hashed = await Hasher().hash(GOOD)
    _, kind, version, parameters, *_ = hashed.split("$")
    assert (kind, version) == ("argon2id", "v=19")
    cost = {name: int(value) for name, value in (one.split("=") for one in parameters.split(","))}
    assert cost["m"] >= 19_456
    assert cost["t"] >= 2
    assert cost["p"] >= 1


async def test_a_hash_follows_when_the_parameters_grow(engine: AsyncEngine, door: Door) -> None:
    await person(engine)
    dearer = Door(engine, door.limiter, Hasher(memory_kib=16, passes=2))
    await dearer.sign_in("ada@example.org", GOOD, HOME)
    [(stored,)] = await rows(engine, PERSON, "password")
    assert "m=16,t=2" in stored
    await dearer.sign_in("ada@example.org", GOOD, HOME)
    assert await rows(engine, PERSON, "password") == [(stored,)]


async def test_no_more_than_two_are_reckoned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sign in, the memory of two hashes is all that they take."""
    under_way, most, lock = 0, 0, threading.Lock()
    hasher = Hasher(memory_kib=8, passes=1)
    plain = hasher._hash.verify_and_update

    def counted(password: str | bytes, stored: str | bytes) -> tuple[bool, str | None]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1
        return plain(password, stored)

    monkeypatch.setattr(hasher._hash, "verify_and_update", counted)
    hashed = await hasher.hash(GOOD)
    began = monotonic()
    answers = await asyncio.gather(*(hasher.verify(GOOD, hashed) for _ in range(20)))
    assert (most, {right for right, _ in answers}) == (2, {True})
    assert timedelta(seconds=monotonic() - began) > timedelta(seconds=0.09)


async def test_a_weak_password_is_refused_by_reset_too_and_the_link_stays_good(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    secret = await token(engine, Purpose.RESET, ada)
    for weak in ("short", "passwordpassword", "ada@example.org 1"):
        with pytest.raises(InputRefused):
            await door.reset(secret, weak, HOME)
    await door.reset(secret, BETTER, HOME)
    await door.sign_in("ada@example.org", BETTER, HOME)
