"""Bringing in a file of one's own: read, shown row by row, and submitted when its member says so."""

from __future__ import annotations

from starlette.responses import Response

from community.contributions.actions import submit
from community.contributions.portal import sheet
from community.contributions.portal.mine import type_names
from community.contributions.portal.report import forms_of
from community.contributions.portal.sheet import Sheet
from community.contributions.queries import own
from community.kit.web.pages import page
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.members.place import Place
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of


async def ask(request: Request[Place]) -> Response:
    """Asks for the file, and says what may stand in it."""
    return await _shown(request, Sheet(), "")


async def take(request: Request[Place]) -> Response:
    """Shows the rows of the file; submits the good ones when that was asked for."""
    place = request.loaded
    text = request.fields.get("text", "")
    if (file := request.files.get("file")) is not None:
        text = sheet.decoded(await file.read())
    found = sheet.read(text, place, forms_of(place))
    may_report = await own.may_report(request.connection, place.programme_id, place.own)
    if found.fault or not may_report:
        return await _shown(request, found, "", status=422 if found.fault else 409)
    if "submit" not in request.fields or not found.good:
        return await _shown(request, found, text)
    rows = [(row.key, row.content) for row in found.good if row.content is not None]
    actor = actor_of(visitor_of(request).person_id)
    count = await submit.submit_all(request.connection, place.programme, place.own, rows, actor=actor)
    return go(request, f"{request.path_to('contributions.mine', slug=place.slug)}?imported={count}")


async def _shown(request: Request[Place], found: Sheet, text: str, *, status: int = 200) -> Response:
    place = request.loaded
    known = await own.own_by_keys(
        request.connection,
        place.programme_id,
        submit.SOURCE,
        [submit.external(place.own, row.key) for row in found.good],
    )
    return page(
        request, "contributions/import.html", status=status, sheet=found, text=text, types=type_names(place),
        kinds=place.programme.book.contribution_types, names=sheet.NAMES,
        before={row.line for row in found.good if submit.external(place.own, row.key) in known},
        may_report=await own.may_report(request.connection, place.programme_id, place.own),
    )  # fmt: skip
