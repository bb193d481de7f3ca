"""The product ends every story as the model does: entries, standings, proposals, decisions, reasons, balances."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from community.kit import clock
from community.kit.db import reading
from tests.engine.driver import Product
from tests.engine.seen import (
    explained_by_model,
    explained_by_product,
    history_of_model,
    history_of_product,
    standings_of_model,
    standings_of_product,
)
from tests.engine.stage import Stage, examples, tales, telling
from tests.model.machine import Model
from tests.model.stories import Story, begin

SHARDS = 6
"""Tests of so many examples each, so that they run side by side: over both databases more than 2 000 in all."""
EXAMPLES = 1_010


@pytest.mark.parametrize("shard", range(SHARDS))
@given(tale=tales())
@settings(max_examples=examples(share=SHARDS, at_least=-(-EXAMPLES // SHARDS)))
def test_the_product_does_what_the_model_does(stage: Stage, shard: int, tale: tuple[Story, str]) -> None:
    stage.run(_compared(stage, *tale))


@given(tales(most_steps=30))
@settings(max_examples=examples(share=4))
def test_it_does_so_in_long_stories_too(stage: Stage, tale: tuple[Story, str]) -> None:
    stage.run(_compared(stage, *tale))


async def _compared(stage: Stage, story: Story, zone: str) -> None:
    model = begin(story)
    product = await stage.begin(story, zone)
    async for _day, act in telling(story, model, product):
        if act[0] == "evaluate_all":
            await _compare_standings(model, product)
    assert model.last_run is not None
    with clock.stopped(product.at(model.last_run)):
        await _compare_all(model, product)


async def _compare_standings(model: Model, product: Product) -> None:
    assert model.last_run is not None
    async with reading(product.engine) as connection:
        seen = await standings_of_product(connection, product.id, model.last_run)
    assert seen == standings_of_model(model, model.last_run)


async def _compare_all(model: Model, product: Product) -> None:
    assert model.last_run is not None
    async with reading(product.engine) as connection:
        seen, expected = await history_of_product(connection, product), history_of_model(model)
        for what in expected:
            agree(what, seen[what], expected[what])
        place = model.last_run.toordinal()
        handle = sorted(model.members)[place % len(model.members)]
        day = model.last_run + timedelta(days=[0, 1, -40, -3][place % 4])
        explained = await explained_by_product(connection, product, handle, day)
        assert explained == explained_by_model(model, handle, day), f"{handle} on {day}"


def agree(what: str, seen: dict[str, Any], expected: dict[str, Any]) -> None:
    """Fails by the first member, or contribution, about whom the two say something else."""
    assert set(seen) == set(expected)
    for name in expected:
        assert seen[name] == expected[name], f"{what} of {name}: {seen[name]} where it is {expected[name]}"
