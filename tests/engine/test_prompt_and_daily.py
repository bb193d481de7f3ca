"""Prompt runs after every change, with the daily run, end as evaluating everybody after every change, every day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from community.history.models import RECORD
from community.kit import clock
from community.kit.db import reading
from community.ledger.models import ENTRY
from community.programmes import queries as programmes
from community.standings.actions.run import Task, evaluate_range
from community.standings.models import DECISION, STANDING_CHANGE
from tests.engine.driver import Product
from tests.engine.seen import (
    history_of_model,
    history_of_product,
    standings_of_model,
    standings_of_product,
)
from tests.engine.stage import ZONES, Stage, examples, first_day, performed
from tests.engine.test_differential import agree
from tests.model.machine import Model
from tests.model.stories import Step, Story, begin, resolve, stories

GROWS = (ENTRY, DECISION, STANDING_CHANGE, RECORD)
TWICE_EVERY = 7
"""Days from one repeated run to the next."""


@st.composite
def seasons(draw: Any) -> tuple[Story, str, int, int]:
    """A story, its zone, for how many days at most it is told, and how many members a range has."""
    zone = draw(st.sampled_from(ZONES))
    story = draw(stories(most_steps=16, timezone=zone))
    return story, zone, draw(st.sampled_from([20, 20, 45, 45, 45, 100])), draw(st.sampled_from([1, 2, 10_000]))


@given(seasons())
@settings(max_examples=examples(share=6))
def test_prompt_runs_and_the_daily_run_miss_nothing(stage: Stage, season: tuple[Story, str, int, int]) -> None:
    stage.run(_every_day(stage, *season))


@given(st.sampled_from(ZONES).flatmap(lambda zone: st.tuples(stories(most_steps=30, timezone=zone), st.just(zone))))
@settings(max_examples=examples(share=30))
def test_a_whole_year_of_daily_runs_misses_nothing(stage: Stage, tale: tuple[Story, str]) -> None:
    stage.run(_every_day(stage, *tale, 366, 10_000, 366))


async def _every_day(
    stage: Stage, story: Story, zone: str, most_days: int, range_size: int, least_days: int = 0
) -> None:
    """The daily run first, then what happens that day; the model evaluates everybody after every change."""
    model = begin(story)
    product = await stage.begin(story, zone)
    for day, steps in _days(story, most_days, least_days):
        with clock.stopped(product.at(day, 0)):
            await product.run(range_size=range_size)
            model.evaluate_all(day)
        for moment, step in enumerate(steps, start=1):
            with clock.stopped(product.at(day, moment)):
                await _change_and_run(story, model, product, step)
        await _compare(model, product)
        if day.toordinal() % TWICE_EVERY == 0:
            with clock.stopped(product.at(day, 2)):
                await _twice(product, day)
    async with reading(product.engine) as connection:
        seen, expected = await history_of_product(connection, product), history_of_model(model)
    for what in expected:
        agree(what, seen[what], expected[what])


def _days(story: Story, most_days: int, least_days: int) -> Iterator[tuple[date, list[Step]]]:
    """Every day from the first to the last, with what happens on it; runs are left to whoever tells the story."""
    steps = {day: list(group) for day, group in groupby(story.steps, key=lambda step: step.day)}
    first, last = first_day(story), story.steps[-1].day
    for number in range(max(least_days, min(most_days, (last - first).days + 1))):
        day = first + timedelta(days=number)
        yield day, [step for step in steps.get(day, []) if step.verb != "run"]


async def _change_and_run(story: Story, model: Model, product: Product, step: Step) -> None:
    act = resolve(story, model, step)
    if act is None:
        return
    note(f"{step.day} {act}")
    done = await product.perform(act, model)
    assert done == performed(model, act)
    await product.run()
    model.evaluate_all(step.day)


async def _compare(model: Model, product: Product) -> None:
    assert model.last_run is not None
    async with reading(product.engine) as connection:
        seen = await standings_of_product(connection, product.id, model.last_run)
    assert seen == standings_of_model(model, model.last_run)


async def _twice(product: Product, day: date) -> None:
    """The same day once more, and then the range of everybody alone: nothing new is decided, posted or recorded."""
    before = await _counts(product)
    report = await product.run(full=True)
    assert (report.day, report.everybody, report.happened) == (day, True, {})
    async with reading(product.engine) as connection:
        programme = await programmes.programme(connection, product.slug)
    task = Task(programme, day)
    again = await evaluate_range(product.engine, task, min(product.ids.values()), max(product.ids.values()))
    assert (again.happened, again.ended_early) == ({}, False)
    assert await _counts(product) == before


async def _counts(product: Product) -> list[int]:
    async with reading(product.engine) as connection:
        return [
            int(await connection.scalar(select(func.count()).where(each.c.programme_id == product.id)) or 0)
            for each in GROWS
        ]
