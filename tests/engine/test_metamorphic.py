"""What must make no difference makes none (trust.md, part I): I10; and doing more never takes anything away: I9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.kit.db import reading
from community.ledger.queries import balance
from tests.engine.driver import Product
from tests.engine.seen import Seen, history_of_product, standings_of_members
from tests.engine.stage import ZONES, Stage, examples, tales, telling
from tests.engine.test_differential import agree
from tests.model.machine import Model
from tests.model.points import Book, Contribution
from tests.model.stories import Story, begin, stories

Draw = Any


@dataclass
class InTwo(Product):
    """Every file is split in two."""

    async def import_rows(self, rows: list[Contribution], *, approve: bool = False) -> None:
        for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            await super().import_rows(part, approve=approve)


@dataclass
class Reversed(Product):
    """The rows of every file come in the other order."""

    async def import_rows(self, rows: list[Contribution], *, approve: bool = False) -> None:
        await super().import_rows(rows[::-1], approve=approve)


@dataclass
class Renamed(Product):
    """Members have handles that sort otherwise, and that folding changes."""

    named: dict[str, str] = field(default_factory=lambda: {"ada": "Zoë·1", "ben": "ǅelal", "cleo": "Ａlma"})


@dataclass
class Crowded(Product):
    """Others are there, and report what the members report."""

    others: dict[str, int] = field(default_factory=dict)

    async def add(self, members: Mapping[str, date]) -> None:
        self.named = {handle: f"Another-{handle}" for handle in members}
        await super().add(members)
        self.others, self.ids, self.named = self.ids, {}, {}
        await super().add(members)

    async def import_rows(self, rows: list[Contribution], *, approve: bool = False) -> None:
        await super().import_rows(rows, approve=approve)
        ids, keys, source = self.ids, self.keys, self.source
        self.ids, self.source = self.others, "another"
        await super().import_rows(rows, approve=approve)
        self.ids, self.keys, self.source = ids, keys, source


@dataclass
class Busier(Product):
    """Members report everything twice, and the second is approved at once."""

    async def import_rows(self, rows: list[Contribution], *, approve: bool = False) -> None:
        await super().import_rows(rows, approve=approve)
        keys, source = self.keys, self.source
        self.source = "another"
        await super().import_rows(rows, approve=True)
        self.keys, self.source = keys, source


@pytest.mark.parametrize("other", [InTwo, Reversed, Renamed, Crowded])
@given(tales())
@settings(max_examples=examples(share=8))
def test_it_makes_no_difference(stage: Stage, other: type[Product], tale: tuple[Story, str]) -> None:
    story, zone = tale
    if other is Reversed:  # caps look at who came in first
        story = replace(story, books=tuple({**book, "caps": []} for book in story.books))
    stage.run(_without_difference(stage, story, zone, other))


async def _without_difference(stage: Stage, story: Story, zone: str, other: type[Product]) -> None:
    model = begin(story)
    one, two = await stage.begin(story, zone), await stage.begin(story, zone, kind=other)
    async for day, act in telling(story, model, one, two):
        if act[0] == "evaluate_all":
            assert await standings_of_members(one, day) == await standings_of_members(two, day)
    seen, expected = await _history(two), await _history(one)
    for what in expected:
        agree(what, seen[what], expected[what])


async def _history(product: Product) -> Seen:
    """What is recorded; the entries of a member in no order."""
    async with reading(product.engine) as connection:
        found = await history_of_product(connection, product)
    entries = {handle: sorted(mine, key=repr) for handle, mine in found["entries"].items()}
    return {**found, "entries": entries}


@st.composite
def growing_tales(draw: Draw) -> tuple[Story, str]:
    """A story by one book without caps, prices below 0, upper bounds, gates or falls."""
    zone = draw(st.sampled_from(ZONES))
    story = draw(stories(most_steps=10, timezone=zone))
    book = story.books[0]
    types = [{**each, "points": {"base": draw(st.integers(0, 8))}} for each in book["contribution_types"]]
    tiers = [
        {"key": f"tier-{number}", "name": "Tier", "demotion": "never", "gain": draw(_growing(2))} for number in range(3)
    ]
    growing: Book = {**book, "contribution_types": types, "caps": [], "tiers": tiers, "leaderboards": []}
    return replace(story, books=(growing,)), zone


def _growing(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """A requirement that more contributions can only help."""
    leaf = st.fixed_dictionaries(
        {
            "metric": st.sampled_from(["points", "contributions", "distinct_types", "active_days", "best_month"]),
            "min": st.integers(0, 12),
            "window": st.sampled_from(["lifetime", "30d", "2mo", "month", "cycle", "last_month"]),
        }
    )
    if depth == 0:
        return leaf
    inner = st.lists(_growing(depth - 1), min_size=1, max_size=2)
    return st.one_of(leaf, st.fixed_dictionaries({"all": inner}), st.fixed_dictionaries({"any": inner}))


@given(growing_tales())
@settings(max_examples=examples(share=5))
def test_doing_more_never_takes_points_or_a_tier_away(stage: Stage, tale: tuple[Story, str]) -> None:
    stage.run(_with_more(stage, *tale))


async def _with_more(stage: Stage, story: Story, zone: str) -> None:
    model = begin(story)
    one, two = await stage.begin(story, zone), await stage.begin(story, zone, kind=Busier)
    async for day, act in telling(story, model, one, two):
        if act[0] == "evaluate_all":
            less, more = await _levels(one, model, day), await _levels(two, model, day)
            assert all(less[handle] <= more[handle] for handle in less), day
    less, more = await _points(one), await _points(two)
    assert all(less[handle] <= more[handle] for handle in less)


async def _levels(product: Product, model: Model, day: date) -> dict[str, int]:
    keys = [None, *(tier["key"] for tier in model.book["tiers"])]
    return {handle: keys.index(row["tier"]) for handle, row in (await standings_of_members(product, day)).items()}


async def _points(product: Product) -> dict[str, int]:
    async with reading(product.engine) as connection:
        return {handle: (await balance(connection, product.id, id_)).points for handle, id_ in product.ids.items()}
