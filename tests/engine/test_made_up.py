"""Days that were missed, made up afterwards in order, end as having run at the last instant of each."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, note, settings
from sqlalchemy import func, select

from community.history.models import RECORD
from community.home.verify import verify
from community.kit import clock
from community.kit.db import reading, writing
from community.ledger.models import ENTRY
from community.programmes import queries as programmes
from community.standings.actions.run import (
    Task,
    close_run,
    evaluate_range,
    known_at_end_of,
    make_up,
    open_run,
    touched_once,
)
from community.standings.models import DECISION, STANDING_CHANGE
from tests.engine.driver import Product
from tests.engine.missed import LAST, Days, begun, days_of_facts, everything, happens, missing, standings
from tests.engine.stage import Stage, examples
from tests.engine.test_differential import agree

TWICE_EVERY = 3
"""Days from one that is made up again to the next."""
GROWS = (ENTRY, DECISION, STANDING_CHANGE, RECORD)


@given(days_of_facts())
@settings(max_examples=examples(share=2))
def test_days_made_up_end_as_having_run_at_the_last_instant_of_each(stage: Stage, told: Days) -> None:
    stage.run(_both_ways(stage, told))


async def _both_ways(stage: Stage, told: Days) -> None:
    """Both are run when the first day begins. Then one is run at the last instant of each day; the other at that of the
    last day only, those before being made up there, when more has happened already: of the first day what came in
    after its run."""
    first, *missed, last = told.days
    model, (on, off) = await begun(stage, told, 2)
    ran: dict[date, dict[str, Any]] = {}
    for product in (on, off):
        with clock.stopped(product.at(first, 0)):
            await product.run(range_size=told.range_size)
    model.evaluate_all(first)
    for day in told.days:
        await happens(told, day, model, on, off)
        model.evaluate_all(day)
        with clock.stopped(on.at(day, LAST)):
            await on.run(range_size=told.range_size)
        ran[day] = await standings(on)
    with clock.stopped(off.at(last, LAST)):
        behind = await missing(off, last)
        assert behind in (missed, [first, *missed])
        for day in behind:
            note(f"{day} is made up")
            await make_up(off.engine, off.slug, day, range_size=told.range_size)
            agree(f"{day}", await standings(off), {handle: ran[day].get(handle, []) for handle in off.ids})
            if day.toordinal() % TWICE_EVERY == 0:
                await _twice(off, day)
        assert await missing(off, last) == []
        await _prompt_runs_wait(off, last, waits=True)
        await off.run(range_size=told.range_size)
        await _prompt_runs_wait(off, last, waits=False)
    seen, expected = await everything(off), await everything(on)
    for what in ("standings", "decisions", "events", "records", "came_back"):
        agree(what, seen[what], expected[what])
    assert seen == expected
    for product in (on, off):
        assert [one.shown async for one in verify(product.engine, product.slug)] == [[]]


async def _prompt_runs_wait(product: Product, day: date, *, waits: bool) -> None:
    """Nobody is evaluated promptly for a day whose own run was not begun."""
    async with writing(product.engine) as connection:
        programme = await programmes.programme(connection, product.slug)
        task = Task(programme, day)
        prompt = await touched_once(connection, programme, task.ladder, day, 100)
        assert prompt.must_wait == waits
        await connection.rollback()


async def _twice(product: Product, day: date) -> None:
    """A day made up is made up again, whole and by a range alone: nothing new is decided or recorded."""
    before = await _counts(product)
    async with writing(product.engine) as connection:
        programme = await programmes.programme(connection, product.slug)
        known = await known_at_end_of(connection, programme, day)
        assert await open_run(connection, programme, day, known=known) is None
        task = await open_run(connection, programme, day, known=known, full=True)
    assert task is not None
    assert task.known == known
    first, last = min(product.ids.values()), max(product.ids.values())
    for _ in range(2):
        again = await evaluate_range(product.engine, task, first, last)
        assert (again.happened, again.ended_early) == ({}, False)
    async with writing(product.engine) as connection:
        assert await close_run(connection, task)
    assert await _counts(product) == before


async def _counts(product: Product) -> list[int]:
    async with reading(product.engine) as connection:
        return [
            int(await connection.scalar(select(func.count()).where(each.c.programme_id == product.id)) or 0)
            for each in GROWS
        ]
