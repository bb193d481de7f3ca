"""One board: its first places and one's own, as it stands and as it was frozen; and the whole of it as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from community.kit.errors import NotFound
from community.kit.text import fold
from community.kit.web.pages import page
from community.kit.web.request import Request
from community.leaderboards import exports
from community.leaderboards.portal.entrance import BoardPlace, PeriodPlace, roles_of
from community.leaderboards.portal.words import country_said, metric_words, period_said
from community.leaderboards.queries import mine, narrowed, snapshots
from community.leaderboards.queries.narrowed import Part
from community.leaderboards.queries.snapshots import SnapshotRow
from community.leaderboards.rules import Row, window
from community.members.place import Place
from community.people.rules import Role
from community.programmes.book import Board

PLACES = 50
NEIGHBOURS = 5
SENT_AT_ONCE = 1 << 16
PERIODS = 24
"""Periods gone by that a board lists; older ones are found by their address."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A place as the page shows it; `name` is None for who stays off the boards now."""

    rank: int
    name: str | None
    handle: str | None
    tier: str
    value: int
    contributions: int
    own: bool


async def board(request: Request[BoardPlace]) -> Response:
    """The board as it stands, narrowed to a country or tier as the address says, from the top or after a member."""
    at, kind = request.loaded.place, request.loaded.board
    if not request.loaded.in_force:
        return await _gone(request)
    today = at.programme.today
    known = await narrowed.countries(request.connection, at.programme_id)
    country, tier = _one_of(known, request.query.get("country")), _tier(at, request.query.get("tier"))
    part = Part(at.programme, kind, today, country, tier)
    after = request.query.get("after", "")
    found: Sequence[Row] = []
    if after:
        found = await narrowed.following(request.connection, part, after, PLACES + 1)
    if not found:
        after, found = "", await narrowed.first(request.connection, part, PLACES + 1)
    own = await narrowed.near(request.connection, part, at.handle, NEIGHBOURS) if at.handle is not None else []
    first, last = window(kind, today, at.programme.book.programme.cycle)
    chosen = {name: value for name, value in (("country", country), ("tier", tier)) if value}
    return page(
        request, "leaderboards/board.html", **await _shared(request, at, kind),
        **_lists(at, found, own, set(), from_top=not after), first=first, last=last, snapshot=None,
        countries=[(one, country_said(one)) for one in known],
        tiers=[(one.key, at.said(one.name)) for one in at.programme.book.tiers], country=country, tier=tier,
        size=(await mine.sizes(request.connection, at.programme_id)).get(kind.key, 0) if part.whole else None,
        after=after, top=_address(request, chosen),
        more=_address(request, {**chosen, "after": found[PLACES - 1].handle}) if len(found) > PLACES else None,
    )  # fmt: skip


async def period(request: Request[PeriodPlace]) -> Response:
    """The board as it was frozen at the end of a period."""
    at, kind, snapshot = request.loaded.place, request.loaded.board, request.loaded.snapshot
    after = _whole(request.query.get("after", ""), snapshot.rows)
    found = await snapshots.page(request.connection, at.programme_id, snapshot, after=after, most=PLACES)
    own: Sequence[Row] = []
    if at.handle is not None:
        own = await snapshots.around(request.connection, at.programme, snapshot, at.handle, NEIGHBOURS)
    off: set[str] = set()
    if kind.audience != "managers":
        listed = [row.handle for row in (*found, *own)]
        off = await mine.staying_off(request.connection, at.programme_id, listed)
    more = after + PLACES if after + PLACES < snapshot.rows else None
    return page(
        request, "leaderboards/board.html", **await _shared(request, at, kind),
        **_lists(at, found, own, off, from_top=not after), first=snapshot.first_on, last=snapshot.last_on,
        snapshot=snapshot, countries=[], tiers=[], country=None, tier=None, size=snapshot.rows, after=str(after or ""),
        top=_address(request, {}), more=_address(request, {"after": str(more)}) if more else None,
    )  # fmt: skip


async def _gone(request: Request[BoardPlace]) -> Response:
    """A board that the book has no more: the periods that were frozen remain."""
    at, kind = request.loaded.place, request.loaded.board
    return page(request, "leaderboards/gone.html", **await _shared(request, at, kind))


async def file(request: Request[BoardPlace]) -> Response:
    """All places as CSV."""
    at, kind = request.loaded.place, request.loaded.board
    if not request.loaded.in_force:
        raise NotFound("the book has the board no more")
    today = at.programme.today
    made = TemporaryFile()  # noqa: SIM115 - closed when it was sent
    await exports.export(request.connection, at.programme, kind, today, "csv", made)
    return _sent(made, f"{at.slug}-{kind.key}-{today}.csv")


async def period_file(request: Request[PeriodPlace]) -> Response:
    """All places of a snapshot as CSV."""
    at, snapshot = request.loaded.place, request.loaded.snapshot
    made = TemporaryFile()  # noqa: SIM115 - closed when it was sent
    await exports.export_snapshot(request.connection, at.programme, snapshot, "csv", made)
    return _sent(made, f"{at.slug}-{snapshot.board}-{snapshot.last_on}.csv")


def _sent(made: BinaryIO, name: str) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        with made:
            made.seek(0)
            while part := made.read(SENT_AT_ONCE):
                yield part

    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)


async def _shared(request: Request[Any], at: Place, kind: Board) -> dict[str, Any]:
    """What a board shows in every state: what it is, the periods gone by, whether it may be taken along."""
    there = await snapshots.snapshots(request.connection, at.programme_id, kind.key)
    return {
        "board": kind,
        "unit": metric_words(kind.metric),
        "periods": _periods(request, at, there),
        "period_said": period_said,
        "may_export": Role.MANAGER in roles_of(request, at),
    }


def _periods(request: Request[Any], at: Place, there: Sequence[SnapshotRow]) -> list[tuple[str, str, bool]]:
    """The periods gone by, the latest first: what they are called, where they are, whether this is it."""
    starts = [one.first_on for one in there]
    found = []
    for one in sorted(there, key=lambda one: one.last_on, reverse=True)[:PERIODS]:
        text = str(one.first_on) if starts.count(one.first_on) == 1 else f"{one.first_on}_{one.last_on}"
        path = request.path_to("leaderboards.period", slug=at.slug, board=one.board, period=text)
        shown = getattr(request.loaded, "snapshot", None)
        found.append((period_said(one.first_on, one.last_on), path, shown == one))
    return found


def _lists(at: Place, found: Sequence[Row], own: Sequence[Row], off: set[str], *, from_top: bool) -> dict[str, Any]:
    """The places of the page, one's own among neighbours where the page does not hold it, and it alone."""
    rows = [_shown(at, row, off) for row in found[:PLACES]]
    around = [_shown(at, row, off) for row in own]
    here = next((row for row in around if row.own), None)
    apart = here is not None and not any(row.own for row in rows)
    return {"rows": rows, "around": around if apart else [], "here_row": here, "from_top": from_top}


def _shown(at: Place, row: Row, off: set[str]) -> Shown:
    own = at.handle is not None and fold(row.handle) == fold(at.handle)
    hidden = row.handle in off and not own
    tier = next((at.said(one.name) for one in at.programme.book.tiers if one.key == row.tier), row.tier or "")
    return Shown(
        row.rank, None if hidden else row.name, None if hidden else row.handle, "" if hidden else tier,
        row.value, row.contributions, own,
    )  # fmt: skip


def _address(request: Request[Any], query: dict[str, str]) -> str:
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path


def _one_of(known: Sequence[str], wanted: str | None) -> str | None:
    return wanted if wanted in known else None


def _tier(at: Place, wanted: str | None) -> str | None:
    return wanted if wanted is not None and at.programme.book.level(wanted) else None


def _whole(text: str, most: int) -> int:
    """The number that an address gives, where it is one; else 0."""
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 19 else 0
