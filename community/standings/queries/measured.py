"""Measures as SQL: every metric of section 3 for a whole set of members in one pass over the ledger.

Everything is a filtered sum, also "at least one", which is a sum above 0: so a reversal takes its type, day or month
back without a special case. Distinct types and months are sums per type and month where these are few, else a grouped
subquery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    true,
)

from community.contributions.models import CONTRIBUTION, State
from community.kit.db import Big
from community.ledger.models import ENTRY
from community.members.models import MEMBER
from community.programmes.windows import parse_window
from community.standings.queries.question import DAY, EARLIEST, POSITION, Question, first_of, last_of, month_of
from community.standings.queries.then import credited_at
from community.standings.rules.measures import FIELD_SCALE, Measure


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns, one a measure, and the joins that they need: (subquery, its member column)."""

    columns: tuple[ColumnElement[int], ...]
    joins: tuple[tuple[FromClause, ColumnElement[int]], ...]


def answer(question: Question) -> Answer:
    """The measures as columns that can be selected for the members once the joins are made."""
    sums: list[tuple[int, ColumnElement[int]]] = []
    columns: dict[int, ColumnElement[int]] = {}
    joins: list[tuple[FromClause, ColumnElement[int]]] = []
    for place, measure in enumerate(question.measures):
        if question.is_flat(measure):
            sums.append((place, _flat(measure, question)))
        elif measure.metric == "tenure":
            columns[place] = days_between(MEMBER.c.joined_on, question.sqlite)
        else:
            grouped = _grouped(measure, question, place)
            joins.append((grouped, grouped.c.member_id))
            columns[place] = func.coalesce(grouped.c.value, 0)
    if sums:
        flat_sums = _one_pass(question, sums)
        joins.append((flat_sums, flat_sums.c.member_id))
        for place, _column in sums:
            columns[place] = func.coalesce(flat_sums.c[f"v{place}"], 0)
    return Answer(tuple(columns[place] for place in range(len(question.measures))), tuple(joins))


def days_between(column: ColumnElement[date], sqlite: bool) -> ColumnElement[int]:
    """Whole days from a day column to the day asked about, never below 0."""
    if sqlite:
        days: ColumnElement[int] = cast(func.julianday(DAY) - func.julianday(column), Integer)
        return func.max(days, 0)
    return func.greatest(DAY - column, 0)


def _one_pass(question: Question, sums: Sequence[tuple[int, ColumnElement[int]]]) -> FromClause:
    since = [] if "lifetime" in question.windows_of_pass() else [ENTRY.c.effective_on >= EARLIEST]
    return (
        select(ENTRY.c.member_id, *(column.label(f"v{place}") for place, column in sums))
        .where(*_seen(question), *since)
        .group_by(ENTRY.c.member_id)
        .subquery("sums")
    )


def _seen(question: Question) -> list[ColumnElement[bool]]:
    """The entries that a pass reads."""
    clauses = [
        ENTRY.c.programme_id == question.programme_id,
        question.chosen.clause(ENTRY.c.member_id),
        ENTRY.c.effective_on <= DAY,
    ]
    if question.position is not None:
        clauses.append(ENTRY.c.number <= POSITION)
    return clauses


def _in_window(window: str, day: ColumnElement[date]) -> list[ColumnElement[bool]]:
    """What lies in a window, beyond lying before the day."""
    clauses = [] if window == "lifetime" else [day >= first_of(window)]
    return [*clauses, day <= last_of(window)] if parse_window(window).previous else clauses


def _of_types(measure: Measure, column: Any) -> list[ColumnElement[bool]]:
    if measure.types is not None:
        return [column == measure.types[0] if len(measure.types) == 1 else column.in_(measure.types)]
    if measure.excluded is not None:
        return [or_(column.is_(None), column.not_in(measure.excluded))]
    return []


def _filtered(column: ColumnElement[int], clauses: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    return func.sum(column).filter(and_(*clauses)) if clauses else func.sum(column)


def _flat(measure: Measure, question: Question) -> ColumnElement[int]:
    """A measure as one aggregate of the pass."""
    if measure.metric == "active_months":
        of_types = _of_types(measure, ENTRY.c.type)
        months = (month_of(measure.window, place) for place in range(len(question.months(measure))))
        return _how_many(
            _filtered(ENTRY.c.contributions, [ENTRY.c.effective_on.between(*month), *of_types]) for month in months
        )
    window = _in_window(measure.window, ENTRY.c.effective_on)
    if measure.metric == "distinct_types":
        types = question.types_of(measure)
        return _how_many(_filtered(ENTRY.c.contributions, [*window, ENTRY.c.type == one]) for one in types)
    return cast(_filtered(ENTRY.c[measure.metric], [*window, *_of_types(measure, ENTRY.c.type)]), Big)


def _how_many(sums: Any) -> ColumnElement[int]:
    """How many of the sums are above 0."""
    ones = [case((one > 0, 1), else_=0) for one in sums]
    total: ColumnElement[int] = ones[0]
    for one in ones[1:]:
        total = total + one
    return total


def _grouped(measure: Measure, question: Question, place: int) -> FromClause:
    """A measure that needs its own pass: sums per type, day or month first, then what they come to."""
    if measure.metric == "field":
        return _field(measure, question).subquery(f"g{place}")
    buckets: dict[str, ColumnElement[Any]] = {
        "distinct_types": ENTRY.c.type,
        "active_days": ENTRY.c.effective_on,
        "active_months": _month(ENTRY.c.effective_on, question.sqlite),
        "best_month": _month(ENTRY.c.effective_on, question.sqlite),
    }
    bucket = buckets[measure.metric]
    best = measure.metric == "best_month"
    inner = (
        select(
            ENTRY.c.member_id,
            func.sum(ENTRY.c.points if best else ENTRY.c.contributions).label("total"),
        )
        .where(
            *_seen(question),
            *_in_window(measure.window, ENTRY.c.effective_on),
            *_of_types(measure, ENTRY.c.type),
        )
        .group_by(ENTRY.c.member_id, bucket)
        .subquery(f"b{place}")
    )
    value = func.max(inner.c.total) if best else func.count()
    return (
        select(inner.c.member_id, value.label("value"))
        .where(inner.c.total > 0)
        .group_by(inner.c.member_id)
        .subquery(f"g{place}")
    )


def _month(day: ColumnElement[date], sqlite: bool) -> ColumnElement[Any]:
    return func.substr(cast(day, String), 1, 7) if sqlite else func.date_trunc("month", day)


def _field(measure: Measure, question: Question) -> Select[tuple[int, int]]:
    """The sum of a numeric field over credited contributions, in whole thousandths.

    Only numbers count: an older version may have known the field as a text.
    """
    source: FromClause = CONTRIBUTION
    if question.position is not None:
        source = credited_at(question.programme_id, question.chosen, POSITION, question.instant, sqlite=question.sqlite)
    c = source.c
    credited = true() if source is not CONTRIBUTION else c.state == State.APPROVED.value
    name = measure.field or ""
    if question.sqlite:
        path = f'$."{name}"'
        found = cast(func.round(func.json_extract(c.fields, path) * FIELD_SCALE), Integer)
        is_number: ColumnElement[bool] = func.json_type(c.fields, path).in_(("integer", "real"))
    else:
        value = c.fields.op("->")(name)
        is_number = func.jsonb_typeof(value) == "number"
        found = cast(case((is_number, cast(cast(value, Numeric) * FIELD_SCALE, Big)), else_=0), Big)
    return (
        select(c.member_id, cast(func.sum(found), Big).label("value"))
        .where(
            c.programme_id == question.programme_id,
            question.chosen.clause(c.member_id),
            credited,
            is_number,
            c.occurred_on <= DAY,
            *_in_window(measure.window, c.occurred_on),
            *_of_types(measure, c.type),
        )
        .group_by(c.member_id)
    )
