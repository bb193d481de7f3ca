"""The two readings of a requirement, SQL and Python, both say what the model counts from what is credited."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, case, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import clock
from community.kit.db import is_sqlite, reading
from community.members import queries as members
from community.members.models import Reader
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import outcome_of
from community.standings.queries.chosen import InRange, listed
from community.standings.queries.present import measured
from community.standings.queries.verdict import holds, members_measured
from community.standings.rules.ladder import Ladder, Side, judge
from tests.engine.driver import Product
from tests.engine.stage import ZONES, Stage, examples, telling
from tests.model.machine import Model
from tests.model.points import Book
from tests.model.requirements import keep_of, value
from tests.model.stories import Story, begin, stories
from tests.model.strategies import leaves

Draw = Any
LATER_DAYS = [0, 1, 3, 14, 31, 100, 400]


@st.composite
def measured_tales(draw: Draw) -> tuple[Story, str, date]:
    """A story whose last book has a tier that asks for many things at once; a zone; and a day to look at."""
    zone = draw(st.sampled_from(ZONES))
    story = draw(stories(most_steps=10, timezone=zone))
    asking = copy.deepcopy(story.books[-1])
    asked = draw(st.lists(leaves(asking), min_size=8, max_size=16))
    asking["tiers"].insert(0, {"key": "asking", "name": "Asking", "gain": {"any": asked}, "demotion": "never"})
    told = Story((*story.books[:-1], asking), story.members, story.steps)
    day = story.steps[-1].day + timedelta(days=draw(st.sampled_from(LATER_DAYS)))
    return told, zone, day


@given(measured_tales())
@settings(max_examples=examples(share=2))
def test_both_readings_say_what_the_model_counts(stage: Stage, tale: tuple[Story, str, date]) -> None:
    stage.run(_read_both(stage, *tale))


async def _read_both(stage: Stage, story: Story, zone: str, day: date) -> None:
    model = begin(story)
    product = await stage.begin(story, zone)
    async for _day, _act in telling(story, model, product):
        pass
    model.apply(story.books[-1])
    with clock.stopped(product.at(day)):
        await product.apply(story.books[-1])
        async with reading(product.engine) as connection:
            programme = await programmes.programme(connection, product.slug)
            await _values_agree(connection, programme, product, model, day)
            await _verdicts_agree(connection, programme, product, day)
            await _nobody_is_missed(connection, programme, product, day)


async def _values_agree(
    connection: AsyncConnection, programme: ProgrammeRow, product: Product, model: Model, day: date
) -> None:
    """Every leaf's value, from SQL, is what the model counts."""
    ladder = Ladder(programme.book, programme.version)
    chosen = listed(connection, sorted(product.ids.values()))
    found = {
        one.handle: one for one in await measured(connection, programme, ladder, day, chosen, evaluated_only=False)
    }
    assert set(found) == set(model.members)
    for handle, member in found.items():
        facts = model.facts(handle, day)(model.standings[handle].since)
        for tier, rung in zip(model.book["tiers"], ladder.rungs, strict=True):
            for side, requirement in ((rung.gain, tier.get("gain")), (rung.keep, keep_of(tier))):
                for shown, leaf in zip(side.shown if side else (), _leaves(requirement), strict=True):
                    if shown.test.place >= 0:
                        scale = ladder.measures[shown.test.place].scale
                        actual = member.facts.values[shown.test.place]
                        assert actual == value(leaf, facts) * scale, f"{handle} on {day}: {leaf}"


def _leaves(requirement: Book | None) -> list[Book]:
    if requirement is None:
        return []
    for word in ("all", "any", "none", "at_least"):
        if word in requirement:
            inner = requirement[word]["of"] if word == "at_least" else requirement[word]
            return [leaf for part in inner for leaf in _leaves(part)]
    return [requirement]


async def _verdicts_agree(connection: AsyncConnection, programme: ProgrammeRow, product: Product, day: date) -> None:
    """Every requirement holds in SQL where it holds in Python."""
    ladder = Ladder(programme.book, programme.version)
    chosen = InRange(min(product.ids.values()), max(product.ids.values()))
    measured_, parameters = members_measured(
        ladder, programme.versions, programme.id, day, chosen, sqlite=is_sqlite(connection), evaluated_only=False
    )
    statement = measured_.subquery()
    values = [statement.c[f"m{place}"] for place in range(len(ladder.measures))]
    sides = [side for rung in ladder.rungs for side in (rung.gain, rung.keep) if side is not None]
    for held in (0, 5, 31):
        verdicts = [_as_number(side, values, held) for side in sides]
        rows = await connection.execute(select(*values, *verdicts), parameters)
        for row in rows:
            known = tuple(row[: len(values)])
            assert [int(judge(side.node, known, held)) for side in sides] == list(row[len(values) :])


def _as_number(side: Side, values: Sequence[ColumnElement[int]], held: int) -> ColumnElement[int]:
    return case((holds(side.node, values, literal(held)), 1), else_=0)


async def _nobody_is_missed(connection: AsyncConnection, programme: ProgrammeRow, product: Product, day: date) -> None:
    """Whoever an evaluation would change is found by the statement that looks for them, or was touched."""
    ladder = Ladder(programme.book, programme.version)
    first, last = min(product.ids.values()), max(product.ids.values())
    everybody = await measured(connection, programme, ladder, day, InRange(first, last))
    changed = {one.handle for one in everybody if outcome_of(ladder, one, day, programme).state != one.state}
    found = await measured(connection, programme, ladder, day, InRange(first, last), attention_only=True)
    touched = await members.touched(connection, programme.id, Reader.STANDINGS, first=first, last=last, most=100)
    handles = {id_: handle for handle, id_ in product.ids.items()}
    assert changed <= {one.handle for one in found} | {handles[id_] for id_ in touched}
