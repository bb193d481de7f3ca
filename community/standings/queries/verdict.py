"""Verdicts as SQL: who needs a closer look. Only rows about which something may change come back.

The condition is exact about who is safe and unchanged (they stay out) and generous about the rest: whoever comes back
is decided by the one decision in `rules/decide.py`, which may find that nothing changes after all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, not_, or_, select, true

from community.ledger.models import LEDGER_HEAD
from community.members.models import EVALUATED, LEAVE, MEMBER, Status
from community.programmes.versions import Versions
from community.standings.models import STANDING
from community.standings.queries.chosen import Chosen
from community.standings.queries.measured import answer, days_between
from community.standings.queries.question import DAY, Question
from community.standings.queries.then import NOW, View, then
from community.standings.rules.ladder import HELD, Ladder, Node, Test
from community.standings.rules.state import PROMOTION, Known

STATE_COLUMNS = (
    "tier", "since", "at_risk_since", "lost_on", "reckoned_by", "proposal_kind", "proposal_tier", "proposed_on",
    "declined", "locked", "locked_until", "changes", "decisions",
)  # fmt: skip


STATEMENTS_KEPT = 16
_built: WeakKeyDictionary[Ladder, OrderedDict[Hashable, Select[Any]]] = WeakKeyDictionary()


def members_measured(
    ladder: Ladder,
    versions: Versions,
    programme_id: int,
    day: date,
    chosen: Chosen,
    *,
    sqlite: bool,
    position: int | None = None,
    attention_only: bool = False,
    evaluated_only: bool = True,
    ids_only: bool = False,
    known: Known | None = None,
) -> tuple[Select[Any], dict[str, Any]]:
    """The chosen members with their standing and the values of the ladder's measures, in id order: the statement and
    its parameters. It is built once for a ladder, whoever is chosen and whatever the day.

    Columns: id, handle, status, return_on, came_back, joined_on, the ledger position that the statement sees, the
    standing's, then one a measure; with `ids_only` the first alone. With `attention_only` those members alone about
    whom something may change on `day`; with `known` all as it was then.
    """
    question = Question(
        programme_id, ladder.measures, day, ladder.cycle, versions.known_types, chosen, sqlite,
        known.position if known else position, known.instant if known else None,
    )  # fmt: skip
    key = (question.form, known, attention_only, evaluated_only, ids_only)
    statements = _built.setdefault(ladder, OrderedDict())
    if key not in statements:
        statement = _members_measured(ladder, question, known, attention_only, evaluated_only)
        statements[key] = statement.with_only_columns(statement.selected_columns[0]) if ids_only else statement
        while len(statements) > STATEMENTS_KEPT:
            statements.popitem(last=False)
    return statements[key], question.parameters()


def _members_measured(
    ladder: Ladder, question: Question, known: Known | None, attention_only: bool, evaluated_only: bool
) -> Select[Any]:
    programme_id, chosen, sqlite = question.programme_id, question.chosen, question.sqlite
    view = NOW if known is None else then(programme_id, chosen, DAY, known)
    found = answer(question)
    source = MEMBER.outerjoin(
        STANDING,
        and_(
            STANDING.c.programme_id == programme_id,
            STANDING.c.member_id == MEMBER.c.id,
            chosen.clause(STANDING.c.member_id),
        ),
    )
    for joined, member_column in (*found.joins, *view.joins):
        source = source.outerjoin(joined, member_column == MEMBER.c.id)
    seen: ColumnElement[int] = (
        select(LEDGER_HEAD.c.number).where(LEDGER_HEAD.c.programme_id == programme_id).scalar_subquery()
    )
    if known is not None:
        seen = literal(known.position)
    standing = {**STANDING.c, "locked": view.locked, "locked_until": view.locked_until}
    values = [column.label(f"m{place}") for place, column in enumerate(found.columns)]
    statement = (
        select(
            MEMBER.c.id, MEMBER.c.handle, view.status.label("status"), view.return_on.label("return_on"),
            view.came_back.label("came_back"), MEMBER.c.joined_on, seen.label("position"),
            *(standing[name].label(name) for name in STATE_COLUMNS), *values,
        )
        .select_from(source)
        .where(MEMBER.c.programme_id == programme_id, chosen.clause(MEMBER.c.id))
        .order_by(MEMBER.c.id)
    )  # fmt: skip
    if evaluated_only:
        statement = statement.where(view.status.in_(EVALUATED), MEMBER.c.joined_on <= DAY, *view.only)
    if attention_only:
        statement = statement.where(_attention(ladder, found.columns, sqlite, view))
    return statement


def _attention(ladder: Ladder, values: Sequence[ColumnElement[int]], sqlite: bool, view: View) -> ColumnElement[bool]:
    s = STANDING.c
    held = case((s.since.is_(None), 0), else_=days_between(s.since, sqlite))
    level = _level(ladder)
    met = [_met(ladder, number, values, held) for number in range(1, len(ladder.rungs) + 1)]
    qualified = _qualified(ladder, met)
    marked = or_(s.at_risk_since.is_not(None), s.proposal_kind.is_not(None), s.declined.is_not(None))
    locked = and_(view.locked, or_(view.locked_until.is_(None), view.locked_until >= DAY))
    on_leave = and_(view.status == Status.ON_LEAVE.value, view.return_on > DAY)
    waiting = and_(
        s.at_risk_since.is_(None),
        s.declined.is_(None),
        s.proposal_kind == PROMOTION,
        s.proposal_tier == _key(ladder, qualified),
        _highest_step(ladder, met, level) == level,
    )
    away_since = exists().where(  # each day of leave puts lost_on off, so it is reckoned anew
        LEAVE.c.programme_id == MEMBER.c.programme_id,
        LEAVE.c.member_id == MEMBER.c.id,
        LEAVE.c.return_on > s.at_risk_since,
    )
    unsettled = or_(
        s.at_risk_since.is_(None),
        s.lost_on <= DAY,
        s.reckoned_by != ladder.version,
        s.declined.is_not(None),
        away_since,
    )
    return case(
        (or_(view.came_back, and_(s.tier.is_not(None), level == 0)), true()),
        (locked, marked),
        (qualified > level, not_(func.coalesce(waiting, false()))),
        (_keep_fails(ladder, values, level), case((on_leave, marked), else_=unsettled)),
        else_=marked,
    )


def _level(ladder: Ladder) -> ColumnElement[int]:
    """The level of the tier held; 0 for none, and for one that the book lacks."""
    if not ladder.rungs:
        return literal(0)
    return case(*((STANDING.c.tier == rung.key, level) for level, rung in enumerate(ladder.rungs, start=1)), else_=0)


def _key(ladder: Ladder, level: ColumnElement[int]) -> ColumnElement[Any]:
    if not ladder.rungs:
        return literal(None)
    return case(*((level == number, rung.key) for number, rung in enumerate(ladder.rungs, start=1)), else_=None)


def _met(
    ladder: Ladder, level: int, values: Sequence[ColumnElement[int]], held: ColumnElement[int]
) -> ColumnElement[bool]:
    rung = ladder.rungs[level - 1]
    if rung.gain is None:
        return false()
    gained = holds(rung.gain.node, values, held)
    if rung.own_keep and rung.keep is not None:
        return and_(gained, holds(rung.keep.node, values, literal(0)))
    return gained


def _qualified(ladder: Ladder, met: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    """q: the highest level that is met; in a stepwise ladder the one below the first that is not."""
    if not met:
        return literal(0)
    if ladder.stepwise:
        return case(*((not_(one), level - 1) for level, one in enumerate(met, start=1)), else_=len(met))
    return case(*((met[level - 1], level) for level in range(len(met), 0, -1)), else_=0)


def _highest_step(ladder: Ladder, met: Sequence[ColumnElement[bool]], level: ColumnElement[int]) -> ColumnElement[int]:
    """The level to which the member would move at once: the highest candidate below the lowest manual one."""
    if not met:
        return level
    manual = [n for n, rung in enumerate(ladder.rungs, start=1) if rung.promotion == "manual"]
    gate: ColumnElement[int] = literal(len(met) + 1)
    if manual:
        gate = case(*((and_(level < n, met[n - 1]), n) for n in manual), else_=len(met) + 1)
    automatic = [n for n in range(len(met), 0, -1) if n not in manual]
    if not automatic:
        return level
    return case(*((and_(level < n, gate > n, met[n - 1]), n) for n in automatic), else_=level)


def _keep_fails(ladder: Ladder, values: Sequence[ColumnElement[int]], level: ColumnElement[int]) -> ColumnElement[bool]:
    """The tier held can be lost, and its `keep` does not hold."""
    cases = [
        (level == number, not_(holds(rung.keep.node, values, literal(0))))
        for number, rung in enumerate(ladder.rungs, start=1)
        if rung.keep is not None and rung.demotion != "never"
    ]
    return case(*cases, else_=false()) if cases else false()


def holds(node: Node, values: Sequence[ColumnElement[int]], held: ColumnElement[int]) -> ColumnElement[bool]:
    """The verdict of a requirement as SQL: the other reading of `rules.ladder.judge`."""
    if isinstance(node, Test):
        value = held if node.place == HELD else values[node.place]
        bounds = [] if node.low is None else [value >= node.low]
        bounds += [] if node.high is None else [value <= node.high]
        return and_(true(), *bounds)
    parts = [holds(part, values, held) for part in node.parts]
    if node.least == len(parts):
        return and_(*parts)
    if node.most == 0:
        return not_(or_(*parts))
    if node.least == 1:
        return or_(*parts)
    count: ColumnElement[int] = literal(0)
    for part in parts:
        count = count + case((part, 1), else_=0)
    return count >= node.least
