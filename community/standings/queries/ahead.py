"""What is credited to one member, day by day, in one statement: what a forecast and a pace are reckoned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, State
from community.kit.db import Big, is_sqlite
from community.ledger.models import ENTRY
from community.members.models import EVALUATED, Status
from community.members.queries import MemberRow
from community.programmes.queries import ProgrammeRow
from community.programmes.windows import plus_days
from community.standings.queries.explained import Explanation
from community.standings.rules.ahead import DAYS_AHEAD, Ahead, Credit, days_after, forecast, values_on
from community.standings.rules.ladder import Ladder, ladder_of
from community.standings.rules.measures import FIELD_SCALE
from community.standings.rules.state import Facts


async def credited_to(
    connection: AsyncConnection, programme_id: int, member_id: int, ladder: Ladder, day: date
) -> list[Credit]:
    """What a member has that counts in any window from `day` on, and all of the year before it: one statement."""
    starts = [first for measure in ladder.measures if measure.metric != "tenure"
              for first, _last in [measure.days(day, ladder.cycle)]]  # fmt: skip
    earliest = None if None in starts else min([*filter(None, starts), plus_days(day, -DAYS_AHEAD)])
    fields = sorted({measure.field for measure in ladder.measures if measure.field is not None})
    parts = [_posted(programme_id, member_id, earliest)]
    parts += [_summed(programme_id, member_id, name, earliest, sqlite=is_sqlite(connection)) for name in fields]
    rows = await connection.execute(union_all(*parts) if fields else parts[0])
    return [Credit(*row) for row in rows]


def _posted(programme_id: int, member_id: int, earliest: date | None) -> Select[Any]:
    e = ENTRY.c
    sums = (cast(func.sum(e[name]), Big).label(name) for name in ("points", "contributions", "reach"))
    asked = (
        select(e.effective_on, e.type, *sums, cast(null(), String).label("field"))
        .where(e.programme_id == programme_id, e.member_id == member_id)
        .group_by(e.effective_on, e.type)
    )
    return asked if earliest is None else asked.where(e.effective_on >= earliest)


def _summed(programme_id: int, member_id: int, name: str, earliest: date | None, *, sqlite: bool) -> Select[Any]:
    """The sum of a field over approved contributions, in whole thousandths; only numbers count."""
    c = CONTRIBUTION.c
    value, is_number = _number(c.fields, name, sqlite)
    nothing: ColumnElement[int] = cast(literal(0), Big)
    asked = (
        select(
            c.occurred_on, c.type, cast(func.sum(value), Big), nothing, nothing.label("reach"),
            cast(literal(name), String),
        )
        .where(
            c.programme_id == programme_id, c.member_id == member_id, c.state == State.APPROVED.value, is_number
        )
        .group_by(c.occurred_on, c.type)
    )  # fmt: skip
    return asked if earliest is None else asked.where(c.occurred_on >= earliest)


def _number(fields: ColumnElement[Any], name: str, sqlite: bool) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    if sqlite:
        path = f'$."{name}"'
        found = cast(func.round(func.json_extract(fields, path) * FIELD_SCALE), Integer)
        return found, func.json_type(fields, path).in_(("integer", "real"))
    value = fields.op("->")(name)
    is_number: ColumnElement[bool] = func.jsonb_typeof(value) == "number"
    return cast(case((is_number, cast(cast(value, Numeric) * FIELD_SCALE, Big)), else_=0), Big), is_number


@dataclass(frozen=True, slots=True)
class Year:
    """The days ahead, and on each the values of the ladder's measures if nothing more comes in."""

    days: list[date]
    values: list[tuple[int, ...]]


def year_ahead(ladder: Ladder, member: MemberRow, credited: Sequence[Credit], day: date) -> Year:
    """The year after a day, from what is credited."""
    days = days_after(day)
    return Year(days, values_on(ladder, credited, member.joined_on, days))


def look_ahead(programme: ProgrammeRow, member: MemberRow, explained: Explanation, year: Year) -> Ahead | None:
    """The first day within a year on which the standing changes if nothing more comes in; None where none does."""
    if member.status not in EVALUATED:
        return None
    ladder = ladder_of(programme.book, programme.version)
    known = [(day, value) for day, value in zip(year.days, year.values, strict=True) if day >= member.joined_on]
    facts = [Facts(value, _on_leave(member, day), explained.facts.leaves) for day, value in known]
    return forecast(ladder, explained.state, [day for day, _ in known], facts, programme.versions.tier_changed)


def _on_leave(member: MemberRow, day: date) -> bool:
    return member.status == Status.ON_LEAVE and member.return_on is not None and day < member.return_on
