"""The forecast, reckoned from one statement, is what evaluating day after day comes to when nothing more comes in."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit import clock
from community.kit.db import reading
from community.members.queries import MemberRow, member
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import outcome_of
from community.standings.queries.ahead import credited_to, look_ahead, year_ahead
from community.standings.queries.chosen import listed
from community.standings.queries.explained import explain
from community.standings.queries.present import Measured, measured
from community.standings.rules.ahead import days_after
from community.standings.rules.decide import evaluate
from community.standings.rules.ladder import ladder_of
from community.standings.rules.state import State
from tests.engine.driver import Product
from tests.engine.stage import Stage, examples, telling
from tests.engine.test_readings import measured_tales
from tests.model.machine import Model
from tests.model.stories import Story, begin


@given(measured_tales())
@settings(max_examples=examples(share=4))
def test_the_forecast_is_what_the_days_bring(stage: Stage, tale: tuple[Story, str, date]) -> None:
    story, zone, _later = tale
    stage.run(_look_ahead(stage, story, zone, story.steps[-1].day))


async def _look_ahead(stage: Stage, story: Story, zone: str, day: date) -> None:
    model: Model = begin(story)
    product = await stage.begin(story, zone)
    async for _day, _act in telling(story, model, product):
        pass
    with clock.stopped(product.at(day)):
        await product.apply(story.books[-1])
        await product.run()
        async with reading(product.engine) as connection:
            programme = await programmes.programme(connection, product.slug)
            lived = await _lived(connection, programme, product, day)
            for handle in product.ids:
                row = await member(connection, programme.id, product.named[handle])
                await _agree(connection, programme, row, day, lived[row.id])


async def _lived(
    connection: AsyncConnection, programme: ProgrammeRow, product: Product, day: date
) -> dict[int, list[Measured]]:
    """Every member as measured on the day and on each of the year after it, a statement a day."""
    ladder, chosen = ladder_of(programme.book, programme.version), listed(connection, sorted(product.ids.values()))
    found: dict[int, list[Measured]] = {id_: [] for id_ in product.ids.values()}
    for each in [day, *days_after(day)]:
        for one in await measured(connection, programme, ladder, each, chosen, evaluated_only=False):
            found[one.member_id].append(one)
    return found


async def _agree(
    connection: AsyncConnection, programme: ProgrammeRow, row: MemberRow, day: date, lived: list[Measured]
) -> None:
    ladder = ladder_of(programme.book, programme.version)
    credited = await credited_to(connection, programme.id, row.id, ladder, day)
    year = year_ahead(ladder, row, credited, day)
    assert year.values == [one.facts.values for one in lived[1:]]
    explained = await explain(connection, programme, row, day)
    found = look_ahead(programme, row, explained, year)
    told = None if found is None else (found.kind, found.day, found.tier, found.lost_on)
    assert told == _first_change(programme, row, day, lived)


def _first_change(
    programme: ProgrammeRow, row: MemberRow, day: date, lived: list[Measured]
) -> tuple[str, date, str | None, date | None] | None:
    """What evaluating each day comes to first."""
    if row.status not in ("active", "on_leave"):
        return None
    ladder = ladder_of(programme.book, programme.version)
    state: State = lived[0].state if row.joined_on > day else outcome_of(ladder, lived[0], day, programme).state
    if state.at_risk_since is not None:
        return None
    for each, one in zip(days_after(day), lived[1:], strict=True):
        if each < row.joined_on:
            continue
        after = evaluate(ladder, state, one.facts, each, programme.versions.tier_changed).state
        if after.tier != state.tier:
            up = ladder.level(after.tier) > ladder.level(state.tier)
            return "gained" if up else "lost", each, after.tier, None
        if after.at_risk_since is not None:
            return "at_risk", each, after.tier, after.lost_on
        state = after
    return None
