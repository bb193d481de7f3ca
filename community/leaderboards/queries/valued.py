"""The values of boards from the ledger, as SQL: who stands on each, and with what (rulebook, section 6, Boards)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, and_, case, func, or_, select

from community.leaderboards.models import BOARD_VALUE
from community.leaderboards.rules import measures
from community.members.models import MEMBER, Status
from community.programmes.book import Board, Book
from community.standings.models import DECISION
from community.standings.queries.chosen import Chosen, InRange
from community.standings.queries.measured import answer
from community.standings.queries.question import DAY, Question
from community.standings.rules.measures import Measure

EVERYBODY = InRange(0, 2**63 - 1)
BOARDS_AT_ONCE = 16
"""Boards of which one statement computes the values: SQLite joins at most 64 tables."""
STATEMENTS_KEPT = 16
_V = BOARD_VALUE.c
ON_BOARDS = (Status.ACTIVE.value, Status.ON_LEAVE.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose values on which boards: of a programme, by a book, on a day, for the chosen members, as known at a ledger
    position (None: now)."""

    programme_id: int
    book: Book
    known_types: tuple[str, ...]
    boards: tuple[Board, ...]
    day: date
    chosen: Chosen
    sqlite: bool
    position: int | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that the boards measure, each once."""
        return tuple(dict.fromkeys(one for board in self.boards for one in measures(board)))

    @property
    def question(self) -> Question:
        """The measures of the boards for the members."""
        return Question(
            self.programme_id, self.measures, self.day, self.book.programme.cycle, self.known_types, self.chosen,
            self.sqlite, self.position,
        )  # fmt: skip

    def parameters(self) -> dict[str, Any]:
        """The values that go with each of the statements here."""
        return self.question.parameters()

    def parts(self) -> Iterator[Asked]:
        """The same of some boards at a time, as many as one statement takes."""
        for start in range(0, len(self.boards), BOARDS_AT_ONCE):
            yield replace(self, boards=self.boards[start : start + BOARDS_AT_ONCE])


@dataclass(frozen=True, slots=True)
class Valued:
    """A board's columns: whether the member stands there, with which value, and with how many contributions."""

    board: Board
    stands: ColumnElement[bool]
    value: ColumnElement[int]
    contributions: ColumnElement[int]

    @property
    def should_be(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """The value and the contributions, null for who does not stand there."""
        return case((self.stands, self.value)), case((self.stands, self.contributions))


def _once(build: Callable[[Asked], Select[Any]]) -> Callable[[Asked], Select[Any]]:
    """Builds a statement once for what is asked of the same boards in one form, and keeps the last ones."""
    kept: OrderedDict[Hashable, Select[Any]] = OrderedDict()

    @wraps(build)
    def built(asked: Asked) -> Select[Any]:
        key = (tuple(map(_shape, asked.boards)), asked.question.form)
        if key not in kept:
            kept[key] = build(asked)
            while len(kept) > STATEMENTS_KEPT:
                kept.popitem(last=False)
        return kept[key]

    return built


def _shape(board: Board) -> Hashable:
    """What of a board a statement rests on: not what it is called, which may be a map by language."""
    only = board.only
    narrowed = None if only is None else (only.tiers, only.countries)
    return board.key, board.metric, board.types, board.except_, board.window, board.ties, board.audience, narrowed


@_once
def standing_on(asked: Asked) -> Select[Any]:
    """Who stands on the one board asked about: member_id, folded, value, contributions, country."""
    source, (found,) = _source(asked)
    return (
        select(
            MEMBER.c.id.label("member_id"),
            MEMBER.c.folded,
            found.value.label("value"),
            found.contributions.label("contributions"),
            MEMBER.c.country,
        )
        .select_from(source)
        .where(MEMBER.c.programme_id == asked.programme_id, asked.chosen.clause(MEMBER.c.id), found.stands)
    )


@_once
def valued(asked: Asked) -> Select[Any]:
    """What the chosen members should have on each board.

    Columns: id, folded, then for each board `value…` and `contributions…` with its place (null: not on the board).
    """
    source, boards = _source(asked)
    columns = [
        column.label(name)
        for place, found in enumerate(boards)
        for name, column in zip(_names(place), found.should_be, strict=True)
    ]
    return (
        select(MEMBER.c.id, MEMBER.c.folded, *columns)
        .select_from(source)
        .where(MEMBER.c.programme_id == asked.programme_id, asked.chosen.clause(MEMBER.c.id))
    )


@_once
def compared(asked: Asked) -> Select[Any]:
    """What the chosen members should have on each board, beside what is kept of them, member by member.

    Columns: id, folded, then for each board the value and the contributions as they should be (null: not on the
    board), and as they are kept. For a list of members: each kept value is looked up by its key, whatever the database
    knows or not of how many there are.
    """
    source, boards = _source(asked)
    columns: list[ColumnElement[Any]] = []
    for found in boards:
        mine = (_V.programme_id == asked.programme_id, _V.board == found.board.key, _V.member_id == MEMBER.c.id)
        kept = (select(column).where(*mine).scalar_subquery() for column in (_V.value, _V.contributions))
        columns += [*found.should_be, *kept]
    labelled = [column.label(f"c{place}") for place, column in enumerate(columns)]
    return (
        select(MEMBER.c.id, MEMBER.c.folded, *labelled)
        .select_from(source)
        .where(MEMBER.c.programme_id == asked.programme_id, asked.chosen.clause(MEMBER.c.id))
        .order_by(MEMBER.c.id)
    )


@_once
def differing(asked: Asked) -> Select[Any]:
    """The members of a range of whom any kept value is not what the ledger gives; columns as of `compared`."""
    source, boards = _source(asked)
    kept = _kept(asked)
    source = source.outerjoin(kept, kept.c.member_id == MEMBER.c.id)
    columns: list[ColumnElement[Any]] = []
    differs: list[ColumnElement[bool]] = []
    for place, found in enumerate(boards):
        kept_as = [kept.c[name] for name in _names(place)]
        columns += [*found.should_be, *kept_as]
        differs += [should.is_distinct_from(is_) for should, is_ in zip(found.should_be, kept_as, strict=True)]
    labelled = [column.label(f"c{place}") for place, column in enumerate(columns)]
    return (
        select(MEMBER.c.id, MEMBER.c.folded, *labelled)
        .select_from(source)
        .where(MEMBER.c.programme_id == asked.programme_id, asked.chosen.clause(MEMBER.c.id), or_(*differs))
        .order_by(MEMBER.c.id)
    )


@_once
def who_differs(asked: Asked) -> Select[Any]:
    """The ids of the members of a range of whom any kept value is not what the ledger gives."""
    statement = differing(asked)
    return statement.with_only_columns(statement.selected_columns[0])


def tier_on(programme_id: Any, member_id: ColumnElement[int], day: Any) -> ScalarSelect[Any]:
    """The tier after a member's last decision on or before a day; null for none."""
    return (
        select(DECISION.c.to_tier)
        .where(DECISION.c.programme_id == programme_id, DECISION.c.member_id == member_id, DECISION.c.day <= day)
        .order_by(DECISION.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _source(asked: Asked) -> tuple[FromClause, list[Valued]]:
    """The members joined to all that the boards measure of them, and each board's columns."""
    question = asked.question
    found = answer(question)
    source: FromClause = MEMBER
    for joined, member_column in found.joins:
        source = source.outerjoin(joined, member_column == MEMBER.c.id)
    column_of = dict(zip(question.measures, found.columns, strict=True))
    boards = []
    for board in asked.boards:
        value, contributions = (column_of[one] for one in measures(board))
        boards.append(Valued(board, and_(value > 0, *_may_stand(asked, board)), value, contributions))
    return source, boards


def _may_stand(asked: Asked, board: Board) -> Sequence[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [MEMBER.c.status.in_(ON_BOARDS)]
    if board.audience != "managers":
        clauses.append(MEMBER.c.on_boards)
    if board.only is not None and board.only.countries is not None:
        clauses.append(MEMBER.c.country.in_(board.only.countries))
    if board.only is not None and board.only.tiers is not None:
        clauses.append(tier_on(asked.programme_id, MEMBER.c.id, DAY).in_(board.only.tiers))
    return clauses


def _names(place: int) -> tuple[str, str]:
    return f"value{place}", f"contributions{place}"


def _kept(asked: Asked) -> FromClause:
    """The kept values of the chosen members, a column a board, so that a hundred boards are one join."""
    columns = [
        func.max(column).filter(_V.board == board.key).label(name)
        for place, board in enumerate(asked.boards)
        for name, column in zip(_names(place), (_V.value, _V.contributions), strict=True)
    ]
    return (
        select(_V.member_id, *columns)
        .where(
            _V.programme_id == asked.programme_id,
            _V.board.in_([board.key for board in asked.boards]),
            asked.chosen.clause(_V.member_id),
        )
        .group_by(_V.member_id)
        .subquery("kept")
    )
