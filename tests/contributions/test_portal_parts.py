"""Parts of others: offered with a report, confirmed as a contribution of one's own at full price, or declined."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.contributions.actions import review
from community.contributions.actions.drafts import forget_begun
from community.contributions.models import DRAFT, PART
from community.kit.db import writing
from tests.contributions.stage import LIST, NEW, TALK, Aces, decide, kept, signed_in
from tests.people.browser import Browser
from tests.people.stage import records, rows

pytestmark = pytest.mark.anyio


async def form(somebody: Browser, path: str = NEW, **fields: str) -> dict[str, str]:
    """The hidden fields of the form at a path, and what is typed into it."""
    await somebody.open(path)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', somebody.text))
    return {**hidden, **fields}


async def test_bob_confirms_his_part_at_full_price(
    engine: AsyncEngine, aces: Aces, app: Starlette, ada: Browser
) -> None:
    shown = await ada.post(NEW, await form(ada, **TALK, others=" @Bob, ada,, "))
    assert "not answered yet" in shown
    assert [verb for verb, *_ in await records(engine, "contribution.part_offered")] == ["contribution.part_offered"]
    async with signed_in(app, "bob") as bob:
        shown = await bob.open(LIST)
        assert "Others say that you took part" in shown
        assert "reported by ada" in shown
        [path] = re.findall(r'href="([^"]+\?part=[^"]+)"', shown)
        sent = await form(bob, path)
        for typed in ('value="Queues without losses"', 'value="120"', 'value="in-person" selected'):
            assert typed in bob.text
        for _ in range(2):
            shown = await bob.post(NEW, {**sent, **TALK, "title": "My half of it", "language": ""})
        assert "first reported by ada" in shown
        assert "29 points" in shown
        assert "Others say" not in await bob.open(LIST)
        await bob.open(path, 404)
    first, second = await kept(engine)
    assert (second.member_id, second.title, second.state) == (aces.members["bob"], "My half of it", "submitted")
    assert [(row.state, row.made_id) for row in await rows(engine, PART)] == [("confirmed", second.id)]
    assert "confirmed" in await ada.open(f"{LIST}/{first.id}")
    await ada.open(f"{LIST}/{second.id}", 404)


async def test_bob_had_no_part(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    await ada.post(NEW, await form(ada, **TALK, others="bob"))
    async with signed_in(app, "bob") as bob:
        await bob.open(LIST)
        [refusal] = re.findall(r'action="([^"]+/refusal)"', bob.text)
        sent = await form(bob, f"{NEW}?part={refusal.split('/')[-2]}")
        await bob.open(LIST)
        assert "you had no part in it" in await bob.send(refusal)
        await bob.post(NEW, {**sent, **TALK}, 409)
        await bob.post(refusal, sent)
    assert [row.state for row in await rows(engine, PART)] == ["declined"]
    assert len(await kept(engine)) == 1
    assert "declined" in await ada.open(f"{LIST}/{(await kept(engine))[0].id}")


async def test_only_active_members_can_be_named(engine: AsyncEngine, ada: Browser) -> None:
    shown = await ada.post(NEW, await form(ada, **TALK, others="bob, zoe, <b>"), 422)
    assert "nobody is called zoe and &lt;b&gt;" in shown
    assert 'value="bob, zoe, &lt;b&gt;"' in shown
    many = ",".join(f"m{number}" for number in range(21))
    assert "at most 20 handles" in await ada.post(NEW, await form(ada, **TALK, others=many), 422)
    assert await kept(engine) == []


async def test_what_does_not_stand_offers_nothing(
    engine: AsyncEngine, app: Starlette, aces: Aces, ada: Browser
) -> None:
    await ada.post(NEW, await form(ada, **TALK, others="bob"))
    [row] = await kept(engine)
    async with signed_in(app, "zoe") as zoe:
        await zoe.open(f"{NEW}?part={row.id}", 404)
    await ada.open(f"{NEW}?part={row.id}", 404)
    await decide(engine, review.reject, row.id)
    async with signed_in(app, "bob") as bob:
        assert "Others say" not in await bob.open(LIST)
        await bob.open(f"{NEW}?part={row.id}", 404)


async def test_who_is_erased_leaves_nothing_begun(
    engine: AsyncEngine, app: Starlette, aces: Aces, ada: Browser
) -> None:
    await ada.post(NEW, await form(ada, **TALK, others="bob"))
    await ada.post(NEW, await form(ada, title="Hers", draft="yes"))
    async with signed_in(app, "bob") as bob:
        await bob.post(NEW, await form(bob, title="His", draft="yes"))
    async with writing(engine) as connection:
        await forget_begun(connection, aces.id, aces.members["bob"])
    assert [row.fields["title"] for row in await rows(engine, DRAFT)] == ["Hers"]
    assert await rows(engine, PART) == []
