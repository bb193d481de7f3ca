"""The award that makes the ledger converge (rulebook, section 5).

The award of a contribution is a pure function of the book, of its member's approved contributions and of overrides.
`converge` brings every award of the given members to what that function gives: where an award in force differs in
member, points, day, type or reach, one entry reverses it and one posts the new award; where it does not, nothing is
posted. So doing it twice posts nothing the second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, State
from community.contributions.rules import Claim, allot
from community.kit.bulk import among, update_rows
from community.ledger import actions as ledger
from community.ledger.models import ENTRY
from community.ledger.rules import Posting, award, reversal
from community.programmes.versions import Versions


@dataclass(frozen=True, slots=True)
class Live:
    """An award in force, as it stands in the ledger."""

    number: int
    member_id: int
    day: date
    type: str
    points: int
    reach: int
    version: int


@dataclass(slots=True)
class Held:
    """A contribution as far as its award goes; `live` is the award in force, `awards` how many there were so far.

    `awarded`: the entry of the award that is posted anew, once entries have their numbers.
    """

    id: UUID
    member_id: int
    type: str
    occurred_on: date
    arrival: int
    fields: dict[str, Any]
    approved: bool
    price: int
    priced_by: int
    past_caps: bool
    awards: int
    live: Live | None
    awarded: int | None = None


class Change(NamedTuple):
    """What convergence posts for one contribution."""

    held: Held
    postings: tuple[Posting, ...]

    @property
    def awards_anew(self) -> bool:
        """Whether a new award is posted (else one is only taken back)."""
        return self.postings[-1].reverses is None


async def converge(
    connection: AsyncConnection, programme_id: int, member_ids: Collection[int], versions: Versions
) -> int:
    """Brings the awards of the members (whose rows are locked) to what the rule gives; answers how many changed."""
    held = await load(connection, programme_id, member_ids)
    changes = in_line(differences(held, versions))
    await post(connection, programme_id, changes)
    return len(changes)


async def load(connection: AsyncConnection, programme_id: int, member_ids: Collection[int]) -> list[Held]:
    """The members' contributions that are approved or still have an award, in line, member by member."""
    c, e = CONTRIBUTION.c, ENTRY.c
    statement = (
        select(
            c.id, c.member_id, c.type, c.occurred_on, c.arrival, c.fields, c.state, c.price, c.override, c.priced_by,
            c.past_caps, c.awards, c.award_number,
            e.member_id, e.effective_on, e.type, e.points, e.reach, e.version,
        )
        .select_from(
            CONTRIBUTION.outerjoin(ENTRY, and_(e.programme_id == c.programme_id, e.number == c.award_number))
        )
        .where(
            c.programme_id == programme_id,
            among(connection, c.member_id, sorted(member_ids)),
            or_(c.state == State.APPROVED.value, c.award_number.is_not(None)),
        )
        .order_by(c.member_id, c.occurred_on, c.arrival)
    )  # fmt: skip
    return [_held(row) for row in await connection.execute(statement)]


def _held(row: Any) -> Held:
    live = None if row[12] is None else Live(row[12], *row[13:19])
    price = row[7] if row[8] is None else row[8]
    return Held(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6] == State.APPROVED.value, price or 0, row[9] or 0,
        row[10], row[11], live,
    )  # fmt: skip


def differences(held: Iterable[Held], versions: Versions) -> Iterator[Change]:
    """What must be posted so that the awards are what the rule gives. `held` is in line, member by member."""
    for _member, group in groupby(held, key=attrgetter("member_id")):
        line = list(group)
        claims = [claim_of(one) for one in line if one.approved]
        points = iter(allot(claims, versions))
        for one in line:
            postings = _postings(one, next(points) if one.approved else None, versions)
            if postings:
                yield Change(one, postings)


def in_line(changes: Iterable[Change]) -> list[Change]:
    """The changes as they are to be posted: member by member; where a contribution went from one member to another, by
    day and arrival over all, so that its reversal has its place in the line of the member whom it left.
    """
    found = list(changes)
    if any(one.held.live is not None and one.held.live.member_id != one.held.member_id for one in found):
        found.sort(key=lambda one: (one.held.occurred_on, one.held.arrival))
    return found


def claim_of(held: Held) -> Claim:
    """An approved contribution as it stands in line for what the caps leave."""
    return Claim(held.type, held.occurred_on, held.price, held.priced_by, held.past_caps)


def _postings(held: Held, points: int | None, versions: Versions) -> tuple[Posting, ...]:
    live = held.live
    if points is None:
        return () if live is None else (_taken_back(live),)
    reach = _reach(held, versions)
    if live is not None:
        same = (held.member_id, held.occurred_on, held.type, points, reach)
        if same == (live.member_id, live.day, live.type, live.points, live.reach):
            return ()
    cause = f"contribution:{held.id}:{held.awards + 1}"
    posting = award(held.member_id, held.occurred_on, held.type, points, reach, cause, held.priced_by)
    return (posting,) if live is None else (_taken_back(live), posting)


def _taken_back(live: Live) -> Posting:
    return reversal(
        live.number, live.member_id, live.day, live.type, live.points, 1, live.reach, live.version, live.points
    )


def _reach(held: Held, versions: Versions) -> int:
    field = versions.reach_field(held.priced_by, held.type)
    return 0 if field is None else int(held.fields.get(field) or 0)


async def post(connection: AsyncConnection, programme_id: int, changes: Sequence[Change]) -> None:
    """Posts the changes and notes the awards now in force on their contributions."""
    postings = [posting for change in changes for posting in change.postings]
    if not postings:
        return
    drafted = ledger.draft(connection, programme_id, postings)
    first = await ledger.number(connection, programme_id, len(postings))
    number_awards(changes, first)
    await note(connection, programme_id, changes)
    await ledger.post(connection, programme_id, drafted, first)


def number_awards(changes: Iterable[Change], first: int) -> None:
    """Tells the contributions the entry numbers of their new awards, where the changes are posted from `first` on."""
    place = first
    for change in changes:
        place += len(change.postings)
        change.held.awarded = place - 1 if change.awards_anew else None


async def note(connection: AsyncConnection, programme_id: int, changes: Sequence[Change]) -> None:
    """Notes on contributions which award is in force, and how many there were."""
    rows = [
        (programme_id, change.held.id, change.held.awards + change.awards_anew, change.held.awarded)
        for change in changes
    ]
    await update_rows(connection, CONTRIBUTION, ["programme_id", "id"], ["awards", "award_number"], rows)
