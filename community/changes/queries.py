"""What a new version of a book would do: to the rules, and to the people (rulebook, section 8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.ledger.models import ENTRY
from community.members.queries import ranges
from community.programmes.book import Book
from community.programmes.queries import ProgrammeRow
from community.programmes.versions import Versions
from community.standings.actions.run import outcome_of
from community.standings.queries.chosen import InRange
from community.standings.queries.present import Measured, measured
from community.standings.rules.decide import Outcome
from community.standings.rules.ladder import Ladder, ladder_of


@dataclass(frozen=True, slots=True)
class Touch:
    """What the new version would do to one member today.

    `what` is one of promoted, demoted, dropped, proposed, at_risk, safe, `withdrawn` (a proposal that would lapse).
    """

    handle: str
    what: str
    from_tier: str | None
    to_tier: str | None
    lost_on: date | None
    reasons: list[dict[str, Any]]

    def plain(self) -> dict[str, Any]:
        """The shape of `programme plan --json`."""
        return {
            "handle": self.handle, "what": self.what, "from": self.from_tier, "to": self.to_tier,
            "lost_on": self.lost_on, "reasons": self.reasons,
        }  # fmt: skip


ORDER = ("dropped", "demoted", "at_risk", "promoted", "proposed", "safe", "withdrawn")
"""In which people are shown: those whose tier goes away first."""


def with_version(programme: ProgrammeRow, book: Book) -> ProgrammeRow:
    """The programme as if the book were in force as its next version."""
    number = programme.version + 1
    return replace(programme, versions=Versions(number, {**programme.versions.books, number: book}))


async def people_touched(
    connection: AsyncConnection,
    present: ProgrammeRow,
    planned: ProgrammeRow,
    day: date,
    range_size: int,
    before: dict[int, Outcome] | None = None,
) -> AsyncIterator[Touch]:
    """Whom the planned version would treat otherwise than the one in force would, on `day`.

    In ranges; each version asks the database only for those about whom it has something to say.
    """
    new, old = (ladder_of(one.book, one.version) for one in (planned, present))
    for first, last in await ranges(connection, present.id, range_size):
        chosen = InRange(first, last)
        anew = await measured(connection, planned, new, day, chosen, attention_only=True)
        as_is = before
        if as_is is None:
            usual = await measured(connection, present, old, day, chosen, attention_only=True)
            as_is = {one.member_id: outcome_of(old, one, day, present) for one in usual}
        noticed = {one.member_id for one in anew}
        for one in anew:
            outcome = outcome_of(new, one, day, planned)
            usual_outcome = as_is.get(one.member_id)
            touch = _touch(one, outcome, usual_outcome, new, day)
            if touch is not None:
                yield touch
        missing = [id_ for id_, outcome in as_is.items() if id_ not in noticed and first <= id_ <= last]
        if missing:
            for touch in await _spared(connection, planned, new, day, chosen, {id_: as_is[id_] for id_ in missing}):
                yield touch


async def _spared(
    connection: AsyncConnection,
    planned: ProgrammeRow,
    ladder: Ladder,
    day: date,
    chosen: InRange,
    as_is: dict[int, Outcome],
) -> list[Touch]:
    """Members about whom the version in force would decide something today and the planned one would not."""
    found = await measured(connection, planned, ladder, day, chosen)
    touches = []
    for one in found:
        if one.member_id in as_is:
            touch = _touch(one, outcome_of(ladder, one, day, planned), as_is[one.member_id], ladder, day)
            if touch is not None:
                touches.append(touch)
    return touches


def _touch(member: Measured, outcome: Outcome, usual: Outcome | None, ladder: Ladder, day: date) -> Touch | None:
    """The difference between what the planned version does and what the present one would, in a word; None: none."""
    before = member.state if usual is None else usual.state
    after = outcome.state
    what = _what(before.tier, after.tier, ladder)
    reasons = outcome.step.reasons if outcome.step else []
    if what is None and (after.at_risk_since is None) != (before.at_risk_since is None):
        what = "safe" if after.at_risk_since is None else "at_risk"
        held = max(0, (day - after.since).days) if after.since else 0
        if after.tier is not None and after.tier in ladder.levels:
            reasons = ladder.reasons(ladder.level(after.tier), member.facts, day, held, ["keep"])
    if what is None and _proposal(before) != _proposal(after):
        what = "withdrawn" if after.proposal is None else "proposed"
        target = after.proposal.tier if after.proposal else None
        if target is not None and after.proposal is not None and after.proposal.kind == "promotion":
            reasons = ladder.reasons(ladder.level(target), member.facts, day, 0, ["gain", "own_keep"])
        return Touch(member.handle, what, after.tier, target, None, reasons)
    if what is None:
        return None
    return Touch(member.handle, what, before.tier, after.tier, after.lost_on, reasons)


def _what(before: str | None, after: str | None, ladder: Ladder) -> str | None:
    if before == after:
        return None
    if before is not None and before not in ladder.levels:
        return "dropped"
    return "promoted" if ladder.level(after) > ladder.level(before) else "demoted"


def _proposal(state: Any) -> tuple[str, str | None] | None:
    return None if state.proposal is None else (state.proposal.kind, state.proposal.tier)


async def points_moved(connection: AsyncConnection, programme_id: int, after: int) -> tuple[int, int, int]:
    """Of the entries numbered past `after`: members touched, points gained and points lost, summed member by member."""
    per_member = (
        select(ENTRY.c.member_id, func.sum(ENTRY.c.points).label("points"))
        .where(ENTRY.c.programme_id == programme_id, ENTRY.c.number > after)
        .group_by(ENTRY.c.member_id)
        .subquery()
    )
    p = per_member.c.points
    row = (
        await connection.execute(
            select(
                func.count().filter(p != 0),
                func.coalesce(func.sum(p).filter(p > 0), 0),
                func.coalesce(func.sum(-p).filter(p < 0), 0),
            ).select_from(per_member)
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2])
