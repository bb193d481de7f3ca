"""The mails about accounts, through a real mail server, to whom they are for and nobody else (trust, items 9, 10)."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import writing
from community.kit.mail.models import MAIL
from community.kit.mail.sending import Sent, send_waiting
from community.people.actions import accepting, invitations, persons
from community.people.actions.invitations import Asked
from community.people.door import Door
from community.people.forms import PersonForm, Profile
from community.people.letters import LETTERS
from community.people.models import INVITATION, PERSON, TOKEN
from community.people.rules import Place, Purpose, Role
from tests.kit.mail.stage import Post, server, settings_of
from tests.people.stage import BETTER, GOOD, HOME, NOON, grow, person, place, rows, token

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"
LINK = re.compile(r"https://community\.example(/[a-z/-]+)\?token=([A-Za-z0-9_-]{43})")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> tuple[str, str]:
    """Path and secret of the link; the same in both parts of the mail."""
    html = mail.get_body(("html",))
    assert html is not None
    [(path, secret)] = set(LINK.findall(text_of(mail)))
    assert set(LINK.findall(html.get_content())) == {(path, secret)}
    return path, secret


async def sent(engine: AsyncEngine, url: str) -> Sent:
    return await send_waiting(engine, settings_of(url), LETTERS)


@pytest.fixture
def post() -> object:
    with server() as made:
        yield made


async def test_a_link_that_signs_in_goes_to_the_stored_address_and_works(
    engine: AsyncEngine, door: Door, post: tuple[Post, str]
) -> None:
    await person(engine, "Ada@Example.org")
    await door.ask_link("ADA@example.ORG", Purpose.SIGN_IN, HOME)
    assert await sent(engine, post[1]) == Sent(sent=1)
    [mail] = post[0].taken
    assert post[0].recipients == ["Ada@Example.org"]
    path, secret = link_in(mail)
    assert path == "/sign-in/link"
    assert secret not in str([*await rows(engine, MAIL), *await rows(engine, TOKEN)])
    await door.sign_in_by_link(secret, HOME)


async def test_a_reset_changes_the_password_and_tells(engine: AsyncEngine, door: Door, post: tuple[Post, str]) -> None:
    await person(engine)
    await door.ask_link(ADA, Purpose.RESET, HOME)
    await sent(engine, post[1])
    path, secret = link_in(post[0].taken[0])
    assert path == "/reset/choose"
    await door.reset(secret, BETTER, HOME)
    await sent(engine, post[1])
    told = post[0].taken[1]
    assert (told["Subject"], told["To"]) == ("Your password was changed", f"Ada <{ADA}>")
    await door.sign_in(ADA, BETTER, HOME)


async def test_nothing_is_sent_to_strangers_and_nothing_is_kept_of_them(
    engine: AsyncEngine, door: Door, post: tuple[Post, str]
) -> None:
    zoe = await person(engine, "zoe@example.org")
    for purpose in (Purpose.SIGN_IN, Purpose.RESET):
        await door.ask_link("nobody@example.org", purpose, HOME)
        await door.ask_link("zoe@example.org", purpose, HOME)
    async with writing(engine) as connection:
        await persons.deactivate(connection, zoe, "cli")
    assert await sent(engine, post[1]) == Sent(dropped=4)
    assert post[0].taken == []
    assert await rows(engine, TOKEN) == []
    assert {row.address for row in await rows(engine, MAIL)} == {None}


async def test_a_link_asked_for_in_vain_for_too_long_is_not_sent(
    engine: AsyncEngine, door: Door, post: tuple[Post, str]
) -> None:
    await person(engine)
    await door.ask_link(ADA, Purpose.SIGN_IN, HOME)
    with clock.stopped(NOON + timedelta(minutes=10)):
        assert await sent(engine, post[1]) == Sent(failed=1)
    assert post[0].taken == []


async def test_a_new_address_is_asked_and_the_former_one_told(
    engine: AsyncEngine, door: Door, post: tuple[Post, str]
) -> None:
    ada = await person(engine)
    async with writing(engine) as connection:
        await persons.set_profile(connection, ada, Profile("Ada", "fr", None))
        await persons.ask_email(connection, ada, "ada@lovelace.example")
    await sent(engine, post[1])
    path, secret = link_in(post[0].taken[0])
    assert (path, post[0].recipients) == ("/account/address/confirm", ["ada@lovelace.example"])
    async with writing(engine) as connection:
        await persons.set_email(connection, secret)
    await sent(engine, post[1])
    assert post[0].recipients[1:] == [ADA]
    assert [mail["Subject"] for mail in post[0].taken] == [
        "Confirmez votre nouvelle adresse",
        "Votre adresse a été changée",
    ]


async def test_who_owns_an_address_is_told_to_nobody_who_asks_for_it(
    engine: AsyncEngine, door: Door, post: tuple[Post, str]
) -> None:
    ada, _zoe = await person(engine), await person(engine, "zoe@example.org")
    async with writing(engine) as connection:
        await persons.ask_email(connection, ada, "Zoe@example.org")
    assert await sent(engine, post[1]) == Sent(dropped=1)


async def test_an_invitation_comes_in_the_language_of_whoever_is_invited(
    engine: AsyncEngine, post: tuple[Post, str]
) -> None:
    tree = await grow(engine)
    asked = Asked(Place(programme_id=tree.pros), tree.ada_of_pros, title="Les Pros & Cie")
    async with writing(engine) as connection:
        await invitations.invite(connection, PersonForm(ADA, ADA, "Ada", "fr"), asked, "cli")
        manager = Asked(Place(programme_id=tree.stars), role=Role.MANAGER, title="Stars")
        await invitations.invite(connection, PersonForm("zoe@example.org", "zoe@example.org", "", "en"), manager, "cli")
    assert await sent(engine, post[1]) == Sent(sent=2)
    french, english = post[0].taken
    assert french["Subject"] == "Vous êtes invité·e"
    assert "Vous êtes invité·e à participer à Les Pros & Cie." in text_of(french)
    assert text_of(english).startswith("Hello,")
    assert "You are invited to manage Stars." in text_of(english)
    path, secret = link_in(french)
    assert path == "/invitation"
    async with writing(engine) as connection:
        accepted = await accepting.accept_anew(connection, secret, Profile("Ada", "fr", None), None)
    assert accepted.member_id == tree.ada_of_pros


async def test_an_invitation_that_was_withdrawn_meanwhile_is_not_sent(
    engine: AsyncEngine, post: tuple[Post, str]
) -> None:
    tree = await grow(engine)
    pros = Place(programme_id=tree.pros)
    async with writing(engine) as connection:
        one = await invitations.invite(connection, PersonForm(ADA, ADA, "Ada", None), Asked(pros), "cli")
        await invitations.withdraw(connection, one, pros, "cli")
    assert await sent(engine, post[1]) == Sent(dropped=1)


async def test_mail_goes_to_the_address_of_that_moment(engine: AsyncEngine, door: Door, post: tuple[Post, str]) -> None:
    """Asked for, and erased before it could be sent."""
    ada = await person(engine)
    await door.reset(await token(engine, Purpose.RESET, ada), BETTER, place(3))
    async with writing(engine) as connection:
        await connection.execute(update(PERSON).values(email=None, folded=None, name=""))
    assert await sent(engine, post[1]) == Sent(dropped=1)
    assert await rows(engine, INVITATION) == []
    assert GOOD
