"""Who asks to take part: what managers see of it, and say to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from community.kit.errors import NotFound
from community.kit.i18n import gettext as _
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members import queries
from community.members.actions import applying
from community.members.place import Place, place
from community.members.queries import ApplicationRow
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of

SHOWN = 25


async def applications(request: Request[Place]) -> Response:
    """Those that wait, the oldest first; pages go on behind an application."""
    here = request.loaded
    after = _id(request.query.get("after", ""))
    found = await queries.applications(request.connection, here.programme_id, after=after, most=SHOWN + 1)
    path = request.path_to("members.applications", slug=here.slug)
    return page(
        request, "members/applications.html", applications=found[:SHOWN], said=_said(request.query.get("done", "")),
        is_open=here.programme.is_open, first=path if after else "",
        onward=f"{path}?after={found[SHOWN - 1].id}" if len(found) > SHOWN else "",
    )  # fmt: skip


def _said(done: str) -> str:
    said = {"accepted": _("An invitation is on its way."), "declined": _("Declined; nothing of it is kept.")}
    return said.get(done, "")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Asking:
    """An application of the programme."""

    place: Place
    row: ApplicationRow

    @property
    def programme_id(self) -> int:
        """Of the programme."""
        return self.place.programme_id


async def asking(request: Request[Any]) -> Asking:
    """Loads the application that the path names, while it waits. Raises NotFound."""
    here = await place(request)
    named = _id(str(request.path_params["application"]))
    if named is None:
        raise NotFound("no application")
    return Asking(here, await queries.application(request.connection, here.programme_id, named))


async def accept(request: Request[Asking]) -> Response:
    """Invites whoever asked."""
    found = request.loaded
    actor = actor_of(visitor_of(request).person_id)
    await applying.accept(request.connection, found.programme_id, found.row.id, found.place.title, actor)
    return _back(request, "accepted")


async def decline(request: Request[Asking]) -> Response:
    """Says no."""
    found = request.loaded
    actor = actor_of(visitor_of(request).person_id)
    await applying.decline(request.connection, found.programme_id, found.row.id, actor)
    return _back(request, "declined")


def _back(request: Request[Asking], done: str) -> Response:
    return go(request, f"{request.path_to('members.applications', slug=request.loaded.place.slug)}?done={done}")


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", "/p/{slug}/manage/applications", "members.applications", applications,
        access=Access.MANAGER, load=place, rate=Rate.PAGE,
    ),
    Route(
        "POST", "/p/{slug}/manage/applications/{application}/acceptance", "members.acceptance", accept,
        access=Access.MANAGER, load=asking, rate=Rate.FORM,
    ),
    Route(
        "POST", "/p/{slug}/manage/applications/{application}/refusal", "members.refusal", decline,
        access=Access.MANAGER, load=asking, rate=Rate.FORM,
    ),
)  # fmt: skip
