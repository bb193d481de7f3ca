"""The presets, applied and run: the contributions of published examples give the published points and tiers."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from community.changes import actions as changes
from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, take_in
from community.home.refresh import refresh
from community.home.verify import verify
from community.kit.db import reading, writing
from community.ledger.queries import balance
from community.members.actions.take_in import create_named, ids_of
from community.programmes import presets, queries
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.actions import byhand
from community.standings.actions.byhand import Brought, Hand
from community.standings.queries import present
from tests.programmes.vectors import VECTORS, Vector

pytestmark = pytest.mark.anyio


async def _taken_in(engine: AsyncEngine, slug: str, vectors: list[Vector]) -> dict[str, int]:
    """One member a vector, with what they did and the tier that they hold."""
    async with writing(engine) as connection:
        programme = await queries.programme(connection, slug)
        names = {f"m{place}": (f"m{place}", "A member", date(2020, 1, 1)) for place in range(len(vectors))}
        await create_named(connection, programme.id, names)
        ids = await ids_of(connection, programme.id, list(names))
        rows = [
            Incoming(
                ids[f"m{place}"],
                f"{place}-{number}",
                Content(did.type, "A title", None, did.occurred_on, None, None, did.fields),
                1_000 * place + number,
            )
            for place, vector in enumerate(vectors)
            for number, did in enumerate(vector.did)
        ]
        await take_in(connection, programme, "vectors", rows, approve=True, actor="test")
        held = [
            Brought(ids[f"m{place}"], vector.held, vector.held_since)
            for place, vector in enumerate(vectors)
            if vector.held
        ]
        await byhand.take_over(Hand(connection, programme, "test", programme.today), held)
        return ids


@pytest.mark.parametrize("preset", sorted({vector.preset for vector in VECTORS}))
async def test_a_preset_gives_what_its_programme_published(engine: AsyncEngine, preset: str) -> None:
    text = presets.text(preset)
    await changes.apply(engine, NewVersion(parse(text, preset).book, text), actor="test")
    vectors = [vector for vector in VECTORS if vector.preset == preset]
    [as_of] = {vector.as_of for vector in vectors}
    slug = parse(text, preset).book.programme.slug
    ids = await _taken_in(engine, slug, vectors)
    await refresh(engine, slug, as_of)
    async with reading(engine) as connection:
        programme = await queries.programme(connection, slug)
        rows = {row.handle: row.state async for row in present.standings(connection, programme.id)}
        for place, vector in enumerate(vectors):
            state = rows[f"m{place}"]
            sums = await balance(connection, programme.id, ids[f"m{place}"])
            found = (sums.points, state.tier, state.at_risk_since is not None)
            assert found == (vector.points, vector.tier, vector.at_risk), vector.says
    async for proof in verify(engine):
        assert proof.shown == []


@pytest.mark.parametrize("preset", presets.names())
async def test_every_preset_applies_and_runs(engine: AsyncEngine, preset: str) -> None:
    text = presets.text(preset)
    parsed = parse(text, preset)
    assert await changes.apply(engine, NewVersion(parsed.book, text), actor="test") == 1
    assert await changes.apply(engine, NewVersion(parsed.book, text), actor="test") is None
    await refresh(engine, parsed.book.programme.slug)
