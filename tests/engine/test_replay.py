"""Decisions hold for good (trust.md, part I): taken again from what was recorded (I7, I8), and folded (I11)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.db import reading
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.programmes.versions import Versions
from community.standings.models import DECISION, STANDING, STANDING_CHANGE
from community.standings.queries.chosen import listed
from community.standings.queries.present import measured, state_of
from community.standings.queries.verdict import STATE_COLUMNS
from community.standings.rules.decide import Outcome, evaluate
from community.standings.rules.ladder import Ladder
from community.standings.rules.state import Facts, State
from tests.engine.driver import RULES, Product
from tests.engine.stage import Stage, examples, tales, telling
from tests.model.stories import Story, begin


@dataclass(frozen=True)
class Taken:
    """A decision as it is stored, and the standing that was recorded before it."""

    row: Any
    before: State


@given(tales(most_steps=12))
@settings(max_examples=examples(share=3))
def test_every_decision_can_be_taken_again_from_what_was_recorded(stage: Stage, tale: tuple[Story, str]) -> None:
    stage.run(_taken_again(stage, *tale))


async def _taken_again(stage: Stage, story: Story, zone: str) -> None:
    product = await stage.begin(story, zone)
    async for _day, _act in telling(story, begin(story), product):
        pass
    async with reading(product.engine) as connection:
        programme = await programmes.programme(connection, product.slug)
        for member_id in product.ids.values():
            changes = await _changes(connection, product.id, member_id)
            decisions = await _decisions(connection, product.id, member_id)
            await _folds(connection, product, member_id, changes, decisions)
            for taken in _with_standings(changes, decisions):
                if taken.row.decided_by == RULES:
                    await _replay(connection, programme, taken)


async def _changes(connection: AsyncConnection, programme_id: int, member_id: int) -> list[Any]:
    c = STANDING_CHANGE.c
    found = await connection.execute(
        select(STANDING_CHANGE).where(c.programme_id == programme_id, c.member_id == member_id).order_by(c.number)
    )
    return list(found.all())


async def _decisions(connection: AsyncConnection, programme_id: int, member_id: int) -> list[Any]:
    c = DECISION.c
    found = await connection.execute(
        select(DECISION).where(c.programme_id == programme_id, c.member_id == member_id).order_by(c.number)
    )
    return list(found.all())


async def _folds(
    connection: AsyncConnection, product: Product, member_id: int, changes: Sequence[Any], decisions: Sequence[Any]
) -> None:
    """I11: each decision begins where the one before ended, each change of tier is one, and the last is the present."""
    assert [one.number for one in decisions] == list(range(1, len(decisions) + 1))
    tiers = [None, *(one.to_tier for one in decisions)]
    assert [one.from_tier for one in decisions] == tiers[:-1]
    moves = [one for was, one in pairwise([None, *changes]) if one and one.tier != (was and was.tier)]
    steps = [(one.tier, one.since, one.day) for one in moves]
    assert steps == [(one.to_tier, one.day if one.to_tier else None, one.day) for one in decisions]
    present = await connection.scalar(
        select(STANDING.c.tier).where(STANDING.c.programme_id == product.id, STANDING.c.member_id == member_id)
    )
    assert present == tiers[-1]


def _with_standings(changes: Sequence[Any], decisions: Sequence[Any]) -> Iterator[Taken]:
    """Each decision with the standing that the change before it left."""
    rows = iter(decisions)
    before = State()
    for one in changes:
        if one.tier != before.tier:
            yield Taken(next(rows), before)
        locks = (None, None)
        before = state_of([*(getattr(one, name) for name in STATE_COLUMNS if hasattr(one, name)), *locks])


async def _replay(connection: AsyncConnection, programme: ProgrammeRow, taken: Taken) -> None:
    """The same day, ledger position, version and standing give the same step with the same reasons."""
    row = taken.row
    known = {number: book for number, book in programme.versions.books.items() if number <= row.version}
    versions = Versions(row.version, known)
    ladder = Ladder(versions.in_force, row.version)
    if any(measure.metric == "field" for measure in ladder.measures):
        return  # they read contributions, which may say something else by now
    then = replace(programme, versions=versions)
    chosen = listed(connection, [row.member_id])
    [found] = await measured(connection, then, ladder, row.day, chosen, position=row.position, evaluated_only=False)
    possible = _facts(found.facts, row.day)
    outcomes = [evaluate(ladder, taken.before, facts, row.day, versions.tier_changed) for facts in possible]
    assert _shown(row.from_tier, row.to_tier, row.reasons) in [_of(one) for one in outcomes]


def _facts(now: Facts, day: date) -> list[Facts]:
    """What was known of leave when the decision was taken, as far as it is recorded: nobody away falls, and a leave
    that began on the day itself began after it. Whether somebody had just come back is not recorded."""
    known = replace(now, on_leave=False, leaves=tuple(leave for leave in now.leaves if leave[0] < day))
    return [replace(known, came_back=came_back) for came_back in (False, True)]


def _of(outcome: Outcome) -> str | None:
    step = outcome.step
    return _shown(step.from_tier, step.to_tier, step.reasons) if step else None


def _shown(from_tier: str | None, to_tier: str | None, reasons: list[dict[str, Any]]) -> str:
    return json.dumps([from_tier, to_tier, reasons], sort_keys=True)
