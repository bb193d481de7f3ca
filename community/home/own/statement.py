"""The statement of a member's points: every line with what it is, why, and the balance after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.own import queries
from community.home.own.queries import KINDS, CauseRow, Filter, LineRow
from community.kit.i18n import gettext as _
from community.kit.i18n import number, pgettext
from community.kit.tabular import Column, Kind, write_csv
from community.members.place import Place

LINES = 50
"""Of one page."""
TYPES_AT_MOST = 200

COLUMNS = (
    Column("number", Kind.WHOLE), Column("counts_on"), Column("kind"), Column("type"), Column("title"),
    Column("points", Kind.WHOLE), Column("balance", Kind.WHOLE), Column("balance_after", Kind.WHOLE),
    Column("recorded_at"), Column("version", Kind.WHOLE), Column("cause"), Column("why"),
)  # fmt: skip


class Priced(Protocol):
    """What has a price, and perhaps an override in place of it."""

    @property
    def price(self) -> int | None: ...

    @property
    def override(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement: `contribution` is what it is about, `why` explains the figure in words."""

    row: LineRow
    title: str
    type: str
    why: str
    contribution: UUID | None


def kinds() -> dict[str, str]:
    """The kinds of entries, as people choose among them."""
    return {"award": _("Contributions"), "adjustment": _("By hand"), "reversal": pgettext("statement", "Taken back")}


def read_filter(query: Mapping[str, str]) -> Filter:
    """What a query narrows a statement to; what makes no sense narrows nothing."""
    kind = query.get("kind")
    year = query.get("year", "")
    types = tuple(filter(None, query.get("types", "")[:8_000].split(",")))[:TYPES_AT_MOST]
    return Filter(
        kind if kind in KINDS else None,
        int(year) if len(year) == 4 and year.isascii() and year.isdigit() and year != "0000" else None,
        _day(query.get("from", "")), _day(query.get("to", "")), types,
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def read_before(text: str) -> int | None:
    """The number after which a page goes on; None for the first page."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


async def statement(
    connection: AsyncConnection, place: Place, asked: Filter, *, before: int | None = None, most: int | None = None
) -> list[Line]:
    """The lines of the member that the visitor is, the newest first: three statements, however many they are."""
    rows = await queries.lines(connection, place.programme_id, place.own, asked, before=before, most=most)
    ids = {row.number: contribution_of(row.of or row.cause) for row in rows}
    known = await queries.causes(connection, place.programme_id, sorted({one for one in ids.values() if one}))
    given = [cause for row in rows if (cause := row.of or row.cause).startswith("adjustment:")]
    reasons = await queries.notes(connection, place.programme_id, place.own, given) if given else {}
    return [_line(place, row, ids[row.number], known, reasons) for row in rows]


def _line(
    place: Place, row: LineRow, contribution: UUID | None, known: Mapping[UUID, CauseRow], reasons: Mapping[str, str]
) -> Line:
    cause = known.get(contribution) if contribution else None
    title = cause.title if cause else reasons.get(row.of or row.cause, "")
    return Line(row, title, type_name(place, row.type), _why(row, cause), contribution if cause else None)


def _why(row: LineRow, cause: CauseRow | None) -> str:
    if row.kind == "reversal":
        return _("Taken back, as rule and contribution say something else now")
    if row.kind != "award":
        return _("Given by hand")
    names = {"version": number(row.version)}
    if cause is None or cause.award_number != row.number:
        return _("By version %(version)s of the rule book; replaced since") % names
    return explained(row.points, cause) or _("By version %(version)s of the rule book") % names


def explained(points: int | None, priced: Priced) -> str:
    """Why points in force are not simply the price: set by hand, or cut by a cap; empty where they are."""
    worth = priced.price if priced.override is None else priced.override
    if points is not None and worth is not None and worth != points:
        return _("A cap leaves %(points)s of %(worth)s") % {"points": number(points), "worth": number(worth)}
    return "" if priced.override is None else _("Set by a manager")


def type_name(place: Place, key: str | None) -> str:
    """What a contribution type is called; empty where there is none."""
    if key is None:
        return ""
    versions = place.programme.versions
    kind = versions.type(versions.current, key)
    return key if kind is None else place.said(kind.name)


def contribution_of(cause: str) -> UUID | None:
    """The contribution that a cause names: `contribution:ID:N`."""
    kind, _sign, rest = cause.partition(":")
    try:
        return UUID(rest.partition(":")[0]) if kind == "contribution" else None
    except ValueError:
        return None


async def as_csv(lines: list[Line]) -> bytes:
    """The statement as a file."""
    target = BytesIO()
    await write_csv(target, COLUMNS, [[_cells(line) for line in lines]], {})
    return target.getvalue()


def _cells(line: Line) -> list[str | int | None]:
    row = line.row
    return [
        row.number, row.effective_on.isoformat(), row.kind, row.type, line.title, row.points, row.balance, row.after,
        row.recorded_at.isoformat(), row.version, row.cause, line.why,
    ]  # fmt: skip
