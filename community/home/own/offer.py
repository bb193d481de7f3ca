"""What a contribution that is being reported would do for the next tier, once it is approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions.held import Content
from community.contributions.portal.form import typed, values_of
from community.contributions.portal.receipts import receipt_of
from community.contributions.portal.report import forms_of
from community.home.own.shown import Shown
from community.members.place import Place
from community.members.queries import MemberRow
from community.standings import words
from community.standings.queries.ahead import credited_to, year_ahead
from community.standings.queries.explained import explain
from community.standings.rows import ReasonRow, reason_row
from community.standings.rules.ahead import Credit, values_on
from community.standings.rules.ladder import Ladder, judge, ladder_of
from community.standings.rules.measures import FIELD_SCALE


@dataclass(frozen=True, slots=True)
class Offer:
    """For a tier: the rows that the contribution moves, as they would be; `reached`: nothing would be missing."""

    tier: str
    rows: list[ReasonRow]
    reached: bool


async def offer(connection: AsyncConnection, place: Place, member: MemberRow, given: Mapping[str, str]) -> Offer | None:
    """What it would do, from the fields as typed; None where there is no content yet, or no tier above to gain."""
    content = _content(place, given)
    programme, day = place.programme, place.programme.today
    explained = await explain(connection, programme, member, day)
    ladder = ladder_of(programme.book, programme.version)
    level = ladder.level(explained.state.tier)
    side = ladder.rungs[level].gain if level < len(ladder.rungs) else None
    if content is None or side is None:
        return None
    receipt = await receipt_of(connection, place, content)
    credited = await credited_to(connection, programme.id, member.id, ladder, day)
    more = [*credited, *credits_of(place, content, receipt.points + receipt.others, ladder)]
    [before], [after] = (values_on(ladder, known, member.joined_on, [day]) for known in (credited, more))
    shown = Shown(place, member, explained, credited, year_ahead(ladder, member, credited, day))
    then = replace(explained.facts, values=after)
    pairs = zip(shown.reasons(side, facts=replace(then, values=before)), shown.reasons(side, facts=then), strict=True)
    rows = [
        reason_row(new, shown.type_name, hint=words.gap(new, shown.type_name) if not new["met"] else "")
        for old, new in pairs
        if old["actual"] != new["actual"]
    ]
    tier = programme.book.tiers[level]
    return Offer(place.said(tier.name), rows, judge(side.node, after, shown.held))


def _content(place: Place, given: Mapping[str, str]) -> Content | None:
    fields, book = typed(given), place.programme.book
    kind = book.types_by_key.get(fields.get("type", ""))
    if kind is None:
        return None
    form = forms_of(place).form(kind.key)
    so_far = None if form is None else form.so_far(values_of(fields, kind))
    return None if so_far is None else Content(*so_far[:7])


def credits_of(place: Place, content: Content, points: int, ladder: Ladder) -> Sequence[Credit]:
    """What would be credited: as posted, and the fields that the ladder sums, in whole thousandths."""
    versions = place.programme.versions
    field = versions.reach_field(versions.current, content.type)
    reach = int(content.fields.get(field) or 0) if field is not None else 0
    found = [Credit(content.occurred_on, content.type, points, 1, reach)]
    for name in sorted({one.field for one in ladder.measures if one.field is not None}):
        value = content.fields.get(name)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            amount = round(Decimal(str(value)) * FIELD_SCALE)
            found.append(Credit(content.occurred_on, content.type, amount, 0, 0, name))
    return found
