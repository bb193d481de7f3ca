"""Asking to take part in a programme that is open. Elsewhere there is no such page."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from community.kit import i18n
from community.kit.errors import InputRefused, NotFound, Problem
from community.kit.i18n import gettext as _
from community.kit.text import block_of
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members.actions import applying
from community.members.place import Place, place
from community.people.forms import PersonForm, read_person
from community.people.portal.visit import SignedIn

WORDS_CHARACTERS = 2_000


async def open_place(request: Request[Any]) -> Place:
    """Loads a programme that is open. Raises NotFound for any other."""
    found = await place(request)
    if not found.programme.is_open:
        raise NotFound("the programme takes no applications")
    return found


async def application(request: Request[Place]) -> Response:
    """The form, or that it came in."""
    return _application(request)


def _application(
    request: Request[Place], *, fields: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> Response:
    return page(
        request, "members/application.html", status=422 if wrong else 200, wrong=wrong or {},
        fields={"name": "", "email": "", "words": "", **(fields or {})}, sent=request.query.get("done") == "sent",
        canonical=request.link_to("members.application", slug=request.loaded.slug), most=WORDS_CHARACTERS,
        applicant=request.identity.visitor if isinstance(request.identity, SignedIn) else None,
    )  # fmt: skip


async def apply(request: Request[Place]) -> Response:
    """Asks. The answer is the same whether the address is known, and whether it asked before."""
    here = request.loaded
    if here.member_id is not None:
        return _application(request)
    try:
        form, words = _read(request)
    except InputRefused as refused:
        faults = {one.path: one.accepted for one in refused.problems}
        return _application(request, fields=request.fields, wrong=faults)
    await applying.apply(request.connection, here.programme_id, form, words)
    return go(request, f"{request.path_to('members.application', slug=here.slug)}?done=sent")


def _read(request: Request[Place]) -> tuple[PersonForm, str]:
    """Who asks, and why; of whoever is signed in the address is known. Raises InputRefused with all that is wrong."""
    wrong: list[Problem] = []
    words, form = "", None
    try:
        words = block_of(request.fields.get("words", ""))
        if not words:
            raise ValueError(_("something; it is needed"))
        if len(words) > WORDS_CHARACTERS:
            raise ValueError(_("at most {number} characters").format(number=WORDS_CHARACTERS))
    except ValueError as error:
        wrong.append(Problem("words", "", str(error)))
    given: dict[str, str] = {name: request.fields.get(name, "") for name in ("name", "email")}
    if isinstance(request.identity, SignedIn):
        visitor = request.identity.visitor
        given = {"name": visitor.name, "email": visitor.email or ""}
    try:
        form = read_person({**given, "locale": i18n.language()})
    except InputRefused as refused:
        wrong += refused.problems
    if wrong or form is None:
        raise InputRefused(wrong)
    return form, words


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", "/p/{slug}/application", "members.application", application,
        access=Access.PUBLIC, load=open_place, rate=Rate.PAGE,
    ),
    Route(
        "POST", "/p/{slug}/application", "members.application", apply,
        access=Access.PUBLIC, load=open_place, rate=Rate.SIGN_IN,
    ),
)  # fmt: skip
