"""My contributions: all of them, with filters in the URL, and the drafts."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from community.contributions.models import State
from community.contributions.portal.words import TONES, state_words
from community.contributions.queries import own, parts
from community.contributions.queries.own import Chosen, OwnRow
from community.kit.web.pages import page
from community.kit.web.request import Request
from community.members.place import Place

SHOWN = 30
"""Contributions on a page."""


async def mine(request: Request[Place]) -> Response:
    """The list."""
    place, connection = request.loaded, request.connection
    chosen = _chosen(request, place)
    rows = await own.own(
        connection, place.programme_id, place.own, chosen, before=_before(request.query.get("before", "")),
        most=SHOWN + 1,
    )  # fmt: skip
    sums = await own.own_sums(connection, place.programme_id, place.own)
    states = state_words()
    return page(
        request, "contributions/mine.html", block="list", rows=rows[:SHOWN], chosen=chosen, sums=sums, states=states,
        tones=TONES, types=type_names(place), drafts=await own.drafts(connection, place.programme_id, place.own),
        total=sum(count for count, _points in sums.values()), points=sum(points for _count, points in sums.values()),
        may_report=await own.may_report(connection, place.programme_id, place.own), first="before" not in request.query,
        next=_next(request, chosen, rows), here_path=request.path_to("contributions.mine", slug=place.slug),
        done=request.query.get("done", ""), imported=_count(request.query.get("imported", "")),
        offers=await parts.offers(connection, place.programme_id, place.own),
    )  # fmt: skip


def type_names(place: Place) -> dict[str, str]:
    """The names of all types that the book has or had, the ones in force first."""
    names: dict[str, str] = {}
    versions = place.programme.versions
    for number in [versions.current, *sorted(versions.books, reverse=True)]:
        for kind in versions.book(number).contribution_types:
            names.setdefault(kind.key, place.said(kind.name))
    return names


def _chosen(request: Request[Any], place: Place) -> Chosen:
    """The filters; what is none of ours counts as not given."""
    state, kind = request.query.get("state", ""), request.query.get("type", "")
    return Chosen(
        state if state in {one.value for one in State} else "",
        kind if kind in place.programme.versions.known_types else "",
        request.query.get("text", "").strip()[:200],
    )


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 5 else None


def _before(text: str) -> tuple[date, int] | None:
    day, _dot, arrival = text.partition(".")
    try:
        number = int(arrival)
        return (date.fromisoformat(day), number) if 0 <= number < 2**62 else None
    except ValueError:
        return None


def _next(request: Request[Any], chosen: Chosen, rows: list[OwnRow]) -> str:
    if len(rows) <= SHOWN:
        return ""
    last = rows[SHOWN - 1]
    given = {name: getattr(chosen, name) for name in Chosen.__slots__ if getattr(chosen, name)}
    path = request.path_to("contributions.mine", slug=request.loaded.slug)
    return f"{path}?{urlencode({**given, 'before': f'{last.occurred_on.isoformat()}.{last.arrival}'})}"
