"""Invitations: an address is asked to come, and whoever accepts is the member, the reviewer, the lead (trust, items 10
and 17)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import Conflict, SignInFirst, UsageError
from community.kit.mail.models import MAIL
from community.members.actions import bind
from community.members.models import MEMBER
from community.people import queries
from community.people.actions import accepting, invitations, persons, roles, tokens
from community.people.actions.accepting import Accepted
from community.people.actions.invitations import Asked
from community.people.actions.tokens import LinkOver
from community.people.forms import PersonForm, Profile
from community.people.models import INVITATION, PERSON
from community.people.rules import Place, Purpose, Role, account_of, actor_of
from tests.people.stage import NOON, Tree, grow, member, person, records, rows

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"
TODAY = NOON.date()
ONLY_A_PERSON = Asked()


async def invite(engine: AsyncEngine, asked: Asked = ONLY_A_PERSON, email: str = ADA, actor: str = "cli") -> str:
    """The secret that whoever reads the mails of the address finds in one."""
    async with writing(engine) as connection:
        form = PersonForm(email, account_of(email), "Ada Lovelace", "en")
        invitation = await invitations.invite(connection, form, asked, actor)
        return await tokens.mint(connection, Purpose.INVITATION, invitation_id=invitation)


async def accept(engine: AsyncEngine, secret: str, person_id: UUID | None = None) -> Accepted:
    """As the page does it: the person accepts and is bound to the member in one transaction."""
    async with writing(engine) as connection:
        if person_id is not None:
            accepted = await accepting.accept_as(connection, secret, person_id)
        else:
            accepted = await accepting.accept_anew(connection, secret, Profile("Ada", "fr", None), None)
        if accepted.member_id is not None and accepted.programme_id is not None:
            await bind(connection, accepted.programme_id, accepted.member_id, accepted.person_id)
        return accepted


def of_pros(tree: Tree) -> Asked:
    return Asked(Place(programme_id=tree.pros), member_id=tree.ada_of_pros)


async def bound(engine: AsyncEngine) -> dict[int, UUID | None]:
    return {row.id: row.person_id for row in await rows(engine, MEMBER, "id", "person_id")}


async def test_whoever_accepts_is_the_member_and_has_the_address(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    accepted = await accept(engine, await invite(engine, of_pros(tree)))
    assert await bound(engine) == {tree.ada_of_pros: accepted.person_id, tree.ada_of_stars: None}
    async with reading(engine) as connection:
        ada = await queries.by_email(connection, "ADA@example.org")
    assert (ada.id, ada.email, ada.name, ada.locale, ada.password) == (accepted.person_id, ADA, "Ada", "fr", False)
    told = await records(engine, "invitation.sent", "invitation.accepted", "member.bound")
    assert [verb for verb, _, _ in told] == ["invitation.sent", "invitation.accepted", "member.bound"]
    assert not [one for one in await records(engine) if "example" in str(one)]


async def test_an_equal_address_alone_binds_nobody(engine: AsyncEngine) -> None:
    """The programme knows a member of that address; having an account of that address is not enough."""
    tree = await grow(engine)
    await person(engine)
    assert set((await bound(engine)).values()) == {None}
    await accept(engine, await invite(engine, email="other@example.org"))
    assert set((await bound(engine)).values()) == {None}
    assert tree


async def test_whoever_has_an_account_of_the_address_signs_in_to_accept(engine: AsyncEngine) -> None:
    tree, ada = await grow(engine), await person(engine)
    secret = await invite(engine, of_pros(tree))
    with pytest.raises(SignInFirst):
        await accept(engine, secret)
    assert (await accept(engine, secret, ada)).person_id == ada
    assert (await bound(engine))[tree.ada_of_pros] == ada


async def test_somebody_with_another_address_may_accept_unless_the_address_is_somebody_s(engine: AsyncEngine) -> None:
    """Ada was invited at work and signs in with the address of her home; zoe found ada's link."""
    tree = await grow(engine)
    home = await person(engine, "ada@home.example")
    assert (await accept(engine, await invite(engine, of_pros(tree), "ada@work.example"), home)).person_id == home
    zoe = await person(engine, "zoe@example.org")
    await person(engine)
    with pytest.raises(Conflict, match="another account"):
        await accept(engine, await invite(engine, Asked(Place(programme_id=tree.stars), tree.ada_of_stars)), zoe)
    assert await bound(engine) == {tree.ada_of_pros: home, tree.ada_of_stars: None}


async def test_a_member_is_one_person_and_a_person_one_member_of_a_programme(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    async with writing(engine) as connection:
        second = await member(connection, tree.pros, "countess")
    ada = (await accept(engine, await invite(engine, of_pros(tree)))).person_id
    zoe = await person(engine, "zoe@example.org")
    with pytest.raises(Conflict, match="another member"):
        await accept(engine, await invite(engine, Asked(Place(programme_id=tree.pros), second)), ada)
    with pytest.raises(Conflict, match="somebody else"):
        await accept(engine, await invite(engine, of_pros(tree), "zoe@example.org"), zoe)
    assert (await bound(engine))[tree.ada_of_pros] == ada
    assert (await bound(engine))[second] is None
    async with writing(engine) as connection:
        await bind(connection, tree.pros, tree.ada_of_pros, ada)  # once more changes nothing
    assert len(await records(engine, "member.bound")) == 1


@pytest.mark.parametrize(
    ("role", "where"), [(Role.LEAD, "hub"), (Role.MANAGER, "pros"), (Role.REVIEWER, "north"), (Role.REVIEWER, "pros")]
)
async def test_whoever_accepts_holds_the_role(engine: AsyncEngine, role: Role, where: str) -> None:
    tree = await grow(engine)
    key: int = getattr(tree, where)
    place = Place(programme_id=key) if where == "pros" else Place(unit_id=key)
    until = TODAY + timedelta(days=30)
    accepted = await accept(engine, await invite(engine, Asked(place, role=role, until=until)))
    async with reading(engine) as connection:
        [held] = await queries.roles(connection, [accepted.person_id])
    assert (held.role, held.unit_id, held.programme_id, held.until) == (role, place.unit_id, place.programme_id, until)


async def test_an_invitation_works_once_for_a_week_and_the_newer_takes_its_place(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    older = await invite(engine, of_pros(tree))
    newer = await invite(engine, of_pros(tree), "ada@work.example")  # the same member, another address
    with pytest.raises(LinkOver):
        await accept(engine, older)
    for moment in (timedelta(days=7), -timedelta(minutes=6)):
        with clock.stopped(NOON + moment), pytest.raises(LinkOver):
            await accept(engine, newer)
    with clock.stopped(NOON + timedelta(days=6, hours=23)):
        await accept(engine, newer)
    with pytest.raises(LinkOver):
        await accept(engine, newer)
    assert sorted(state for (state,) in await rows(engine, INVITATION, "state")) == ["accepted", "withdrawn"]


async def test_a_link_shows_what_it_invites_to_and_stays_good(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    secret = await invite(engine, of_pros(tree))
    for _ in range(2):
        async with reading(engine) as connection:
            shown = await accepting.opened(connection, secret)
        assert (shown.email, shown.programme_id, shown.member_id) == (ADA, tree.pros, tree.ada_of_pros)
    await accept(engine, secret)
    async with reading(engine) as connection:
        for over in (secret, "", "a" * 43):
            with pytest.raises(LinkOver):
                await accepting.opened(connection, over)


async def test_an_invitation_that_was_withdrawn_is_over(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    secret = await invite(engine, of_pros(tree))
    [(invitation,)] = await rows(engine, INVITATION, "id")
    async with writing(engine) as connection:
        await invitations.withdraw(connection, invitation, Place(programme_id=tree.pros), "cli")
    with pytest.raises(LinkOver):
        await accept(engine, secret)


@pytest.mark.parametrize("end", ["deactivated", "role taken", "role over"])
async def test_what_a_lead_promised_is_void_once_the_lead_is_none(engine: AsyncEngine, end: str) -> None:
    tree, lead = await grow(engine), await person(engine, "lead@example.org")
    hub = Place(unit_id=tree.hub)
    async with writing(engine) as connection:
        await roles.grant(connection, lead, Role.LEAD, hub, "cli", until=TODAY)
    secret = await invite(engine, Asked(Place(programme_id=tree.pros), role=Role.MANAGER), actor=actor_of(lead))
    async with writing(engine) as connection:
        if end == "deactivated":
            await persons.deactivate(connection, lead, "cli")
        elif end == "role taken":
            await roles.revoke(connection, lead, Role.LEAD, hub, "cli")
    with clock.stopped(NOON + timedelta(days=1 if end == "role over" else 0)), pytest.raises(LinkOver):
        await accept(engine, secret)


async def test_an_invitation_forgets_the_address_once_it_was_accepted(engine: AsyncEngine) -> None:
    await accept(engine, await invite(engine))
    [row] = await rows(engine, INVITATION)
    assert (row.email, row.folded, row.name) == (None, None, "")


async def test_two_who_accept_at_once_are_one_person(engine: AsyncEngine) -> None:
    tree = await grow(engine)
    secret = await invite(engine, of_pros(tree))
    answers = await asyncio.gather(*(accept(engine, secret) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Accepted", "LinkOver", "LinkOver"]
    assert len(await rows(engine, PERSON, "id")) == 1


@pytest.mark.parametrize(
    "asked",
    [
        Asked(role=Role.MANAGER),
        Asked(Place(programme_id=1), role=Role.LEAD),
        Asked(member_id=1),
        Asked(Place(unit_id=1), member_id=1),
        Asked(Place(programme_id=1), until=TODAY),
        Asked(Place(programme_id=1), role=Role.REVIEWER, until=TODAY - timedelta(days=1)),
    ],
)
async def test_what_nobody_can_be_invited_to(engine: AsyncEngine, asked: Asked) -> None:
    await grow(engine)
    with pytest.raises(UsageError):
        await invite(engine, asked)
    assert (await rows(engine, INVITATION), await rows(engine, MAIL)) == ([], [])
