"""Roles on units and programmes: what is inherited, what ends, what is gone at the next request (trust, item 26)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import Conflict, NotFound, UsageError
from community.members import actions as members_actions
from community.members import queries as members
from community.members.actions.status import set_status
from community.members.models import Status
from community.people import queries
from community.people.actions import roles, sessions, tokens
from community.people.door import Door
from community.people.rules import Place, Role, Visitor, allowed
from community.programmes.models import UNIT
from tests.people.stage import GOOD, HOME, NOON, Tree, after, grow, person, records

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"
TODAY = NOON.date()


async def visit(engine: AsyncEngine, secret: str, programme: str | None = None, unit: str | None = None) -> Visitor:
    async with reading(engine) as connection:
        found = await members.visitor(connection, tokens.digest_of(secret), programme=programme, unit=unit)
    assert found is not None
    return found


async def grant(engine: AsyncEngine, role: Role, place: Place, until: date | None = None) -> str:
    """Ada holds the role and has signed in; answers the secret of her session."""
    async with writing(engine) as connection:
        ada = await queries.by_email(connection, ADA)
        await roles.grant(connection, ada.id, role, place, "cli", until=until)
        return (await sessions.start(connection, ada.id, "", by="password")).secret


EVERYTHING = frozenset(Role)
REVIEWING = frozenset({Role.REVIEWER})


@pytest.mark.parametrize(
    ("role", "where", "seen"),
    [
        (Role.LEAD, "hub", {"pros": EVERYTHING, "stars": EVERYTHING, "hub": EVERYTHING, "bridge": EVERYTHING}),
        (Role.LEAD, "north", {"pros": EVERYTHING, "stars": (), "hub": (), "bridge": EVERYTHING, "south": ()}),
        (Role.MANAGER, "bridge", {"pros": {Role.MANAGER, Role.REVIEWER}, "stars": (), "north": ()}),
        (Role.REVIEWER, "north", {"pros": REVIEWING, "bridge": REVIEWING, "stars": ()}),
        (Role.REVIEWER, "pros", {"pros": REVIEWING, "bridge": (), "hub": (), "stars": ()}),
        (Role.MANAGER, "stars", {"stars": {Role.MANAGER, Role.REVIEWER}, "pros": (), "south": ()}),
    ],
)
async def test_a_role_holds_where_it_was_granted_and_below(
    engine: AsyncEngine, role: Role, where: str, seen: dict[str, frozenset[Role]]
) -> None:
    tree = await grow(engine)
    await person(engine)
    secret = await grant(engine, role, _place(tree, where))
    for target, expected in seen.items():
        is_programme = target in ("pros", "stars")
        found = await visit(engine, secret, **{"programme" if is_programme else "unit": target})
        assert found.roles == frozenset(expected), target
        assert (found.programme_id if is_programme else found.unit_id) == getattr(tree, target)
    assert (await visit(engine, secret)).roles == frozenset()
    assert (await visit(engine, secret, programme="nowhere")).roles == frozenset()


def _place(tree: Tree, where: str) -> Place:
    key: int = getattr(tree, where)
    return Place(programme_id=key) if where in ("pros", "stars") else Place(unit_id=key)


async def test_units_in_a_circle_end(engine: AsyncEngine) -> None:
    """Nothing makes one; a hand in the database might."""
    tree = await grow(engine)
    await person(engine)
    async with writing(engine) as connection:
        await connection.execute(update(UNIT).where(UNIT.c.id == tree.hub).values(parent_id=tree.bridge))
    secret = await grant(engine, Role.LEAD, Place(unit_id=tree.north))
    assert (await visit(engine, secret, unit="hub")).roles == EVERYTHING
    assert (await visit(engine, secret, unit="south")).roles == EVERYTHING


async def test_of_several_roles_the_widest_counts() -> None:
    assert allowed([]) == frozenset()
    assert allowed([Role.REVIEWER, Role.MANAGER]) == {Role.MANAGER, Role.REVIEWER}
    for held in ([Role.REVIEWER], [Role.MANAGER, Role.REVIEWER], list(Role)):
        for less in ([one for one in held if one is not gone] for gone in held):
            assert allowed(less) <= allowed(held)


async def test_a_role_lasts_to_the_end_of_its_last_day_and_is_gone_at_the_next_request(
    engine: AsyncEngine, door: Door
) -> None:
    tree = await grow(engine)
    await person(engine)
    await grant(engine, Role.MANAGER, Place(programme_id=tree.pros), until=TODAY)
    with clock.stopped(after(hours=11, minutes=50)):
        secret = (await door.sign_in(ADA, GOOD, HOME)).secret
        assert (await visit(engine, secret, programme="pros")).roles == {Role.MANAGER, Role.REVIEWER}
    with clock.stopped(after(hours=12)):
        assert (await visit(engine, secret, programme="pros")).roles == frozenset()


async def test_whoever_gains_or_loses_a_role_signs_in_anew_and_the_rights_are_gone_at_once(
    engine: AsyncEngine, door: Door
) -> None:
    tree, ada = await grow(engine), await person(engine)
    pros = Place(programme_id=tree.pros)
    for change in (roles.grant, roles.revoke):
        secret = (await door.sign_in(ADA, GOOD, HOME)).secret
        async with writing(engine) as connection:
            await change(connection, ada, Role.REVIEWER, pros, "cli")
        async with reading(engine) as connection:
            assert await members.visitor(connection, tokens.digest_of(secret), programme="pros") is None
    secret = (await door.sign_in(ADA, GOOD, HOME)).secret
    assert (await visit(engine, secret, programme="pros")).roles == frozenset()
    told = await records(engine, "role.granted", "role.revoked")
    assert [(verb, subject, data["role"]) for verb, subject, data in told] == [
        ("role.granted", str(ada), "reviewer"),
        ("role.revoked", str(ada), "reviewer"),
    ]


async def test_what_cannot_be_granted(engine: AsyncEngine) -> None:
    tree, ada = await grow(engine), await person(engine)
    pros, north = Place(programme_id=tree.pros), Place(unit_id=tree.north)
    async with writing(engine) as connection:
        for role, place, until in (
            (Role.LEAD, pros, None),
            (Role.MANAGER, Place(), None),
            (Role.MANAGER, Place(tree.north, tree.pros), None),
            (Role.MANAGER, north, TODAY - timedelta(days=1)),
        ):
            with pytest.raises(UsageError):
                await roles.grant(connection, ada, role, place, "cli", until=until)
        await roles.grant(connection, ada, Role.MANAGER, north, "cli")
        with pytest.raises(Conflict):
            await roles.grant(connection, ada, Role.MANAGER, north, "cli")
        await roles.grant(connection, ada, Role.MANAGER, north, "cli", until=TODAY)
        [held] = await queries.roles(connection, [ada])
        assert (held.role, held.unit_id, held.until) == (Role.MANAGER, tree.north, TODAY)
        await roles.revoke(connection, ada, Role.MANAGER, north, "cli")
        with pytest.raises(NotFound):
            await roles.revoke(connection, ada, Role.MANAGER, north, "cli")


@pytest.mark.parametrize("status", list(Status))
async def test_a_member_is_one_while_they_take_part(engine: AsyncEngine, door: Door, status: Status) -> None:
    tree, ada = await grow(engine), await person(engine)
    async with writing(engine) as connection:
        await members_actions.bind(connection, tree.pros, tree.ada_of_pros, ada)
        if status is not Status.ACTIVE:
            return_on = TODAY + timedelta(days=9) if status is Status.ON_LEAVE else None
            await set_status(
                connection, tree.pros, tree.ada_of_pros, status, today=TODAY, actor="cli", return_on=return_on
            )
    secret = (await door.sign_in(ADA, GOOD, HOME)).secret
    found = await visit(engine, secret, programme="pros")
    taking_part = status in (Status.ACTIVE, Status.ON_LEAVE, Status.ALUMNI)
    assert (found.member_id, found.handle) == ((tree.ada_of_pros, "ada") if taking_part else (None, None))
    assert (await visit(engine, secret, programme="stars")).member_id is None


async def test_whoever_is_removed_from_a_programme_is_signed_out(engine: AsyncEngine, door: Door) -> None:
    """Trust, item 17."""
    tree, ada = await grow(engine), await person(engine)
    async with writing(engine) as connection:
        await members_actions.bind(connection, tree.pros, tree.ada_of_pros, ada)
    secret = (await door.sign_in(ADA, GOOD, HOME)).secret
    async with writing(engine) as connection:
        await set_status(connection, tree.pros, tree.ada_of_pros, Status.REMOVED, today=TODAY, actor="cli")
    async with reading(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(secret)) is None
