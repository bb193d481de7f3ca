"""Whoever is deactivated is out at once, and nothing of theirs opens a door (trust, item 17)."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit.db import reading, writing
from community.kit.errors import Conflict
from community.members import queries as members
from community.people import queries
from community.people.actions import invitations, persons, roles, sessions, tokens
from community.people.actions.invitations import Asked
from community.people.door import Door
from community.people.forms import PersonForm
from community.people.models import HELD_ROLE, INVITATION, SESSION, TOKEN
from community.people.rules import Place, Purpose, Role, actor_of
from tests.people.stage import GOOD, HOME, grow, person, records, rows, token

pytestmark = pytest.mark.anyio
ADA = "ada@example.org"


async def test_sessions_tokens_roles_and_invitations_end_in_one_transaction(engine: AsyncEngine, door: Door) -> None:
    tree, ada = await grow(engine), await person(engine)
    zoe = await person(engine, "zoe@example.org")
    async with writing(engine) as connection:
        for one in (ada, zoe):
            await roles.grant(connection, one, Role.MANAGER, Place(programme_id=tree.pros), "cli")
    opened = {email: await door.sign_in(email, GOOD, HOME) for email in (ADA, "zoe@example.org")}
    for one in (ada, zoe):
        await token(engine, Purpose.SIGN_IN, one)
    async with writing(engine) as connection:
        to_ada = PersonForm(ADA, ADA, "Ada", None)
        ben = PersonForm("ben@example.org", "ben@example.org", "Ben", None)
        cleo = PersonForm("cleo@example.org", "cleo@example.org", "Cleo", None)
        await invitations.invite(connection, to_ada, Asked(Place(programme_id=tree.stars)), "cli")
        by_ada = await invitations.invite(connection, ben, Asked(Place(programme_id=tree.pros)), actor_of(ada))
        await tokens.mint(connection, Purpose.INVITATION, invitation_id=by_ada)
        by_zoe = await invitations.invite(connection, cleo, Asked(Place(programme_id=tree.pros)), actor_of(zoe))

    with pytest.raises(RuntimeError):
        await _dies_while_it_deactivates(engine, ada)
    async with reading(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(opened[ADA].secret)) is not None

    async with writing(engine) as connection:
        await persons.deactivate(connection, ada, "cli")
    assert await rows(engine, SESSION, "person_id") == [(zoe,)]
    assert await rows(engine, TOKEN, "person_id") == [(zoe,)]
    assert await rows(engine, HELD_ROLE, "person_id") == [(zoe,)]
    assert [row.id for row in await rows(engine, INVITATION) if row.state == "open"] == [by_zoe]
    told = [verb for verb, subject, _ in await records(engine) if subject == str(ada)]
    assert told[-3:] == ["person.signed_out", "role.revoked", "person.deactivated"]


async def _dies_while_it_deactivates(engine: AsyncEngine, person_id: UUID) -> None:
    async with writing(engine) as connection:
        await persons.deactivate(connection, person_id, "cli")
        raise RuntimeError("the process dies")


async def test_even_a_session_that_was_left_behind_opens_nothing(engine: AsyncEngine, door: Door) -> None:
    ada = await person(engine)
    async with writing(engine) as connection:
        await persons.deactivate(connection, ada, "cli")
    async with writing(engine) as connection:
        left = await sessions.start(connection, ada, "", by="password")
    async with reading(engine) as connection:
        assert await members.visitor(connection, tokens.digest_of(left.secret)) is None


async def test_once_more_is_a_conflict_and_coming_back_brings_no_roles(engine: AsyncEngine, door: Door) -> None:
    tree, ada = await grow(engine), await person(engine)
    async with writing(engine) as connection:
        await roles.grant(connection, ada, Role.LEAD, Place(unit_id=tree.hub), "cli")
        await persons.deactivate(connection, ada, "cli")
        with pytest.raises(Conflict):
            await persons.deactivate(connection, ada, "cli")
        with pytest.raises(Conflict):
            await roles.grant(connection, ada, Role.LEAD, Place(unit_id=tree.hub), "cli")
        await persons.reactivate(connection, ada, "cli")
        with pytest.raises(Conflict):
            await persons.reactivate(connection, ada, "cli")
        assert await queries.roles(connection, [ada]) == []
    await door.sign_in(ADA, GOOD, HOME)
