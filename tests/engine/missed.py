"""What happens to a programme over some days while nothing is run, told to several products at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.models import RECORD
from community.kit import clock
from community.kit.db import reading
from community.members.models import MEMBER, TOUCHED, Reader
from community.programmes import queries as programmes
from community.standings.actions.run import missing_days
from community.standings.models import DECISION, RUN, STANDING
from tests.engine.driver import Product
from tests.engine.seen import history_of_product
from tests.engine.stage import ZONES, Stage, performed
from tests.model.machine import Model
from tests.model.stories import Act, Step, Story, resolve, stories

FACTS = frozenset(
    {
        "rows", "rerow", "approve", "reject", "withdraw", "reverse", "edit", "move", "override", "take_back_override",
        "adjust", "status", "come_back", "lock", "unlock", "apply",
    }
)  # fmt: skip
"""What may happen while nothing is run; verbs by hand that move a member are of the day of the last run instead."""
LOCKS = ("standing.locked", "standing.unlocked")
"""Records of verbs by hand, which are of the day of the last run."""
LAST = 2
"""The last moment of a day."""


@dataclass(frozen=True)
class Days:
    """A story whose facts lie on a few days one after the other; `joins`: members who are there from a later day on."""

    story: Story
    zone: str
    by_day: dict[date, list[Step]]
    joins: dict[str, date]
    range_size: int

    @property
    def days(self) -> list[date]:
        """From the first to the last."""
        return sorted(self.by_day)


@st.composite
def days_of_facts(draw: Any, most_steps: int = 16) -> Days:
    """Facts on up to some weeks of days, often several on one."""
    zone = draw(st.sampled_from(ZONES))
    story = draw(stories(most_steps=most_steps, timezone=zone))
    steps = [step for step in story.steps if step.verb in FACTS]
    first = story.steps[0].day
    by_day: dict[date, list[Step]] = {}
    day = first
    for _was, group in groupby(steps, key=lambda step: step.day):
        by_day[day] = [replace(step, day=day) for step in group]
        day += timedelta(days=draw(st.sampled_from([1, 1, 1, 2, 4])))
    for number in range(max(3, (day - first).days)):
        by_day.setdefault(first + timedelta(days=number), [])
    days = sorted(by_day)
    late = draw(st.sets(st.sampled_from(sorted(story.members)), max_size=len(story.members) - 1))
    joins = {handle: draw(st.sampled_from(days[1:])) for handle in sorted(late)}
    return Days(story, zone, by_day, joins, draw(st.sampled_from([1, 2, 10_000])))


async def begun(stage: Stage, told: Days, count: int) -> tuple[Model, list[Product]]:
    """The model and products at the beginning of the first day, with the members who are there then."""
    there = {handle: day for handle, day in told.story.members.items() if handle not in told.joins}
    model = Model()
    model.apply(told.story.books[0])
    for handle, joined_on in there.items():
        model.add(handle, joined_on)
    story = replace(told.story, members=there, steps=(replace(told.story.steps[0], day=told.days[0]),))
    return model, [await stage.begin(story, told.zone) for _ in range(count)]


async def happens(told: Days, day: date, model: Model, *products: Product) -> None:
    """What happens on a day, moment by moment, without any run."""
    for handle in [handle for handle, joins in told.joins.items() if joins == day]:
        note(f"{day} {handle} joins")
        for product in products:
            with clock.stopped(product.at(day, 0)):
                await product.add({handle: told.story.members[handle]})
        model.add(handle, told.story.members[handle])
    steps = told.by_day[day]
    for place, step in enumerate(steps):
        act = resolve(told.story, model, step)
        if act is None:
            continue
        note(f"{day} {act}")
        for product in products:
            with clock.stopped(product.at(day, (LAST + 1) * place // len(steps))):
                assert await product.perform(_by_default(act), model)
        assert performed(model, act)


def _by_default(act: Act) -> Act:
    """A lock is of the day of the last run, which is another where nothing was run."""
    verb, arguments = act
    if verb not in ("lock", "unlock"):
        return act
    return verb, {name: value for name, value in arguments.items() if name != "day"}


async def missing(product: Product, today: date) -> list[date]:
    """The days that were missed."""
    async with reading(product.engine) as connection:
        return await missing_days(connection, await programmes.programme(connection, product.slug), today)


MARKS = (
    "tier", "since", "at_risk_since", "lost_on", "reckoned_by", "proposal_kind", "proposal_tier", "proposed_on",
    "declined", "decisions",
)  # fmt: skip
DECIDED = ("number", "from_tier", "to_tier", "day", "position", "version", "reasons", "decided_by")


async def standings(product: Product) -> dict[str, Any]:
    """Where everybody stands, by handle, but for locks; nowhere is the same whether it is written down or not."""
    async with reading(product.engine) as connection:
        found = await _by_handle(connection, product, STANDING, *MARKS)
    return {handle: [row for row in rows if any(row)] for handle, rows in found.items()}


async def everything(product: Product) -> dict[str, Any]:
    """All that runs led to: standings, decisions and what they saw, events, marks; and the runs."""
    async with reading(product.engine) as connection:
        records = await _by_handle(connection, product, RECORD, "verb", "data", "quiet", order="id")
        marks = select(TOUCHED.c.member_id).where(TOUCHED.c.programme_id == product.id)
        runs = select(RUN.c.day, RUN.c.version, RUN.c.finished_at.is_not(None))
        return {
            "standings": await _by_handle(connection, product, STANDING, *MARKS, "locked", "locked_until"),
            "decisions": await _by_handle(connection, product, DECISION, *DECIDED, order="number"),
            "events": (await history_of_product(connection, product))["events"],
            "records": {
                handle: sorted(repr(row) for row in rows if row[0] not in LOCKS) for handle, rows in records.items()
            },
            "came_back": await _by_handle(connection, product, MEMBER, "came_back", key="id"),
            "touched": list(await connection.scalars(marks.where(TOUCHED.c.reader == Reader.STANDINGS.value))),
            "runs": [
                tuple(row)
                for row in await connection.execute(runs.where(RUN.c.programme_id == product.id).order_by(RUN.c.day))
            ],
        }


async def _by_handle(
    connection: AsyncConnection, product: Product, of: Any, *names: str, key: str = "member_id", order: str = ""
) -> dict[str, Any]:
    found: dict[str, list[Any]] = {handle: [] for handle in product.ids}
    handles = {id_: handle for handle, id_ in product.ids.items()}
    statement = select(of.c[key], *(of.c[name] for name in names)).where(
        of.c.programme_id == product.id, of.c[key].in_(list(handles))
    )
    for row in await connection.execute(statement.order_by(of.c[key], *([of.c[order]] if order else []))):
        found[handles[row[0]]].append(tuple(row[1:]))
    return found
