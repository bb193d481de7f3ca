"""My data: take all of it along, leave the programme, erase the account."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response, StreamingResponse

from community.home.profile import actions, takeout
from community.kit.errors import Conflict
from community.kit.i18n import gettext as _
from community.kit.text import fold
from community.kit.web.cookies import SESSION, drop_cookie
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members.place import Place, place
from community.people.portal.visit import confirm_first, visitor_of


async def my_data(request: Request[Place]) -> Response:
    """What can be done with all that is kept of oneself."""
    return await _my_data(request)


async def _my_data(request: Request[Place], *, wrong: dict[str, str] | None = None) -> Response:
    return page(request, "home/my_data.html", status=422 if wrong else 200, wrong=wrong or {})


async def download(request: Request[Place]) -> Response:
    """All of it, as a ZIP."""
    packed = await takeout.pack(request.connection, visitor_of(request).person_id)
    headers = {"content-disposition": 'attachment; filename="my-data.zip"'}
    return StreamingResponse(takeout.chunks(packed), headers=headers, media_type="application/zip")


async def leave(request: Request[Place]) -> Response:
    """Leaves the programme; the account stays."""
    here = request.loaded
    if request.fields.get("sure") != "yes":
        return await _my_data(request, wrong={"sure": _("a tick, so that nobody leaves by mistake")})
    await actions.leave(request.connection, here.programme, here.own, visitor_of(request).person_id)
    return go(request, "/")


async def erase(request: Request[Place]) -> Response:
    """Erases the account, in every programme. Whoever asks said lately who they are, and types their handle."""
    here = request.loaded
    if (first := confirm_first(request, request.path_to("home.my_data", slug=here.slug))) is not None:
        return first
    if fold(request.fields.get("handle", "").strip()) != fold(here.handle or ""):
        return await _my_data(request, wrong={"handle": _("your handle, as it stands above")})
    try:
        await actions.erase(request.connection, visitor_of(request).person_id)
    except Conflict:
        return await _my_data(request, wrong={"handle": _("first somebody else who leads what you lead alone")})
    response = go(request, "/")
    drop_cookie(response, request.settings, SESSION)
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/p/{slug}/my-data", "home.my_data", my_data, access=Access.MEMBER, load=place, rate=Rate.PAGE),
    Route(
        "GET", "/p/{slug}/my-data/download", "home.download", download,
        access=Access.MEMBER, load=place, rate=Rate.HEAVY,
    ),
    Route(
        "POST", "/p/{slug}/my-data/leaving", "home.leaving", leave, access=Access.MEMBER, load=place, rate=Rate.FORM
    ),
    Route(
        "POST", "/p/{slug}/my-data/erasure", "home.erasure", erase, access=Access.MEMBER, load=place, rate=Rate.SIGN_IN
    ),
)  # fmt: skip
