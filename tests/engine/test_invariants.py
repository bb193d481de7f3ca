"""What holds after every step of every story (trust.md, part I): I1, I2, I5 and I6 of the ledger, I24 of databases."""

from __future__ import annotations

from collections import Counter, defaultdict
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION
from community.kit import clock
from community.kit.db import is_sqlite, reading, writing
from community.ledger.models import ENTRY
from community.ledger.queries import balance, position
from tests.engine.driver import Product
from tests.engine.seen import explained_by_product, history_of_product, standings_of_product
from tests.engine.stage import Stage, examples, tales, telling
from tests.model.machine import Model
from tests.model.stories import Story, begin

MEASURES = ("points", "balance", "contributions", "reach")
APPEND_ONLY = ("entry", "decision", "standing_change", "record")


@given(tales())
@settings(max_examples=examples(share=2))
def test_the_ledger_only_grows_and_always_adds_up(stage: Stage, tale: tuple[Story, str]) -> None:
    stage.run(_ledger_throughout(stage, *tale))


async def _ledger_throughout(stage: Stage, story: Story, zone: str) -> None:
    product = await stage.begin(story, zone)
    known: list[str] = []
    async for _day, _act in telling(story, begin(story), product):
        async with reading(product.engine) as connection:
            entries = await _entries(connection, product.id)
            await _adds_up(connection, product, entries)
            await _awards_are_those_of_approved(connection, product, entries)
            assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
            assert await position(connection, product.id) == len(entries)
        digests = [sha256(repr(tuple(entry)).encode()).hexdigest() for entry in entries]
        assert digests[: len(known)] == known
        known = digests


async def _entries(connection: AsyncConnection, programme_id: int) -> list[Any]:
    found = await connection.execute(select(ENTRY).where(ENTRY.c.programme_id == programme_id).order_by(ENTRY.c.number))
    return list(found.all())


async def _adds_up(connection: AsyncConnection, product: Product, entries: list[Any]) -> None:
    """I1: the balance shown is the sum of the member's entries, measure by measure."""
    for id_ in product.ids.values():
        shown = await balance(connection, product.id, id_)
        for measure in MEASURES:
            assert getattr(shown, measure) == sum(getattr(e, measure) for e in entries if e.member_id == id_)


async def _awards_are_those_of_approved(connection: AsyncConnection, product: Product, entries: list[Any]) -> None:
    """I5 and I6: approved contributions have one award in force, others none; what is reversed is so once, exactly."""
    by_number = {entry.number: entry for entry in entries}
    live = {entry.number for entry in entries if entry.kind == "award"}
    reversed_ = [entry for entry in entries if entry.reverses is not None]
    assert len({entry.reverses for entry in reversed_}) == len(reversed_)
    assert len({entry.cause for entry in entries}) == len(entries)
    for entry in reversed_:
        award = by_number[entry.reverses]
        live.remove(award.number)
        assert all(getattr(entry, measure) == -getattr(award, measure) for measure in MEASURES)
        same = ("member_id", "effective_on", "type", "version")
        assert all(getattr(entry, name) == getattr(award, name) for name in same)
    awarded = Counter(by_number[number].cause.split(":")[1] for number in live)
    approved = await connection.scalars(
        select(CONTRIBUTION.c.id).where(CONTRIBUTION.c.programme_id == product.id, CONTRIBUTION.c.state == "approved")
    )
    assert awarded == Counter(str(id_) for id_ in approved)
    sums: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        cause = by_number[entry.reverses or entry.number].cause
        sums[cause.split(":")[1]] += entry.contributions
    assert {key for key, credited in sums.items() if credited} == set(awarded)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_itself_refuses_to_change_what_only_grows(stage: Stage, table: str) -> None:
    async def attempt(statement: str) -> None:
        async with writing(stage.engine) as connection:
            with pytest.raises(DBAPIError, match="append-only"):
                await connection.execute(text(statement))
            await connection.rollback()

    async def grown() -> None:
        await _with_a_row_of_each(stage)
        await attempt(f"UPDATE {table} SET programme_id = programme_id")
        await attempt(f"DELETE FROM {table}")
        if not is_sqlite(stage.engine):
            await attempt(f"TRUNCATE {table} CASCADE")

    stage.run(grown())


async def _with_a_row_of_each(stage: Stage) -> None:
    """A programme where ada has an entry and a decision."""
    book = {
        "format": 1,
        "programme": {"slug": "aces", "name": "Aces", "timezone": "UTC", "locale": "en"},
        "contribution_types": [{"key": "post", "name": "Post"}],
        "tiers": [{"key": "pro", "name": "Pro", "gain": {"metric": "points", "min": 1}}],
    }
    product = Product(stage.engine, "aces", "UTC")
    today = clock.today("UTC")
    await product.apply(book)
    await product.add({"ada": today})
    await product.adjust("ada", 5, today)
    assert (await product.run()).happened["decision"] == 1


@given(tales())
@settings(max_examples=examples())
def test_both_databases_show_the_same(postgres_url: str, sqlite_stage: Stage, tale: tuple[Story, str]) -> None:
    sqlite_stage.run(_on_both(sqlite_stage, postgres_url, *tale))


async def _on_both(stage: Stage, postgres_url: str, story: Story, zone: str) -> None:
    products = [await stage.begin(story, zone), await stage.begin(story, zone, stage.beside(postgres_url))]
    model = begin(story)
    async for day, act in telling(story, model, *products):
        if act[0] == "evaluate_all":
            one, two = [await _standings(product, model) for product in products]
            assert one == two, day
    one, two = [await _everything(product, model) for product in products]
    assert one == two


async def _standings(product: Product, model: Model) -> list[dict[str, Any]]:
    assert model.last_run is not None
    async with reading(product.engine) as connection:
        return await standings_of_product(connection, product.id, model.last_run)


async def _everything(product: Product, model: Model) -> list[Any]:
    assert model.last_run is not None
    async with reading(product.engine) as connection:
        reasons = [
            await explained_by_product(connection, product, handle, model.last_run) for handle in sorted(product.ids)
        ]
        return [await history_of_product(connection, product), reasons]
