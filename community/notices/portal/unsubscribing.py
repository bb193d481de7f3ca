"""Stopping mails of a kind without signing in, as RFC 8058 has it.

Looking at the page changes nothing. Sending its form, or what a mail program sends by itself, does: the token is what
allows it, so neither cookies nor the token of a form count, and the answer leads nowhere else. Mail programs of many
readers ask from the same few addresses, so the rate is that of programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from community.kit.errors import NotFound
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route, Surface
from community.notices.actions import choose
from community.notices.queries.readers import choices, is_member
from community.notices.said import kind_said
from community.notices.unsubscribing import PATH, Stopping, read_token
from community.people.rules import actor_of
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.programmes.said import BookSaid


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose mails are to stop, and of which programme."""

    stopping: Stopping
    programme: ProgrammeRow
    token: str


async def asked(request: Request[Any]) -> Asked:
    """Loads what the token says. Raises NotFound for one that is none, or whose person is that member no more."""
    token = str(request.path_params["token"])
    found = read_token(request.settings, token)
    if found is None or not await is_member(request.connection, found.programme_id, found.member_id, found.person_id):
        raise NotFound("no such token")
    programme = await programmes.programme_of(request.connection, found.programme_id)
    request.programme_language = programme.book.programme.locale
    return Asked(found, programme, token)


async def unsubscribe_page(request: Request[Asked]) -> Response:
    """What would stop, and the button that does it."""
    one = request.loaded.stopping
    wanted = await choices(request.connection, one.programme_id, one.member_id)
    return _page(request, stopped=not wanted[one.kind])


async def unsubscribe(request: Request[Asked]) -> Response:
    """Stops the mails; doing it again changes nothing."""
    one = request.loaded.stopping
    actor = actor_of(one.person_id)
    await choose(request.connection, one.programme_id, one.member_id, {one.kind: False}, actor)
    return _page(request, stopped=True)


def _page(request: Request[Asked], *, stopped: bool) -> Response:
    at = request.loaded.programme
    title = BookSaid(at.book).name(at.book.programme.name)
    name, what = kind_said(request.loaded.stopping.kind)
    return page(
        request, "notices/unsubscribe.html", stopped=stopped, token=request.loaded.token, title=title, kind=name,
        what=what, slug=at.slug,
    )  # fmt: skip


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", PATH + "/{token}", "notices.unsubscribe", unsubscribe_page,
        access=Access.PUBLIC, load=asked, rate=Rate.PAGE,
    ),
    Route(
        "POST", PATH + "/{token}", "notices.unsubscribe", unsubscribe,
        access=Access.PUBLIC, load=asked, rate=Rate.API, surface=Surface.API,
    ),
)  # fmt: skip
