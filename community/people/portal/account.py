"""One's own account: name and language, password, address, sessions. What is sensitive asks who one is, if that was
said more than ten minutes ago (trust, item 4)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from community.kit.errors import Conflict, InputRefused, NotFound
from community.kit.i18n import NATIVE
from community.kit.i18n import gettext as _
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.people import queries
from community.people.actions import persons, sessions
from community.people.actions.tokens import LinkOver
from community.people.door import SignInRefused
from community.people.forms import read_email, read_profile, timezones
from community.people.letters import PATHS
from community.people.portal.front import link_over
from community.people.portal.visit import (
    confirm_first,
    door_of,
    let_in,
    next_of,
    origin_of,
    secret_of,
    visitor_of,
)
from community.people.rules import Purpose, actor_of


async def account(request: Request[None]) -> Response:
    """The page."""
    return await _account(request)


async def _account(
    request: Request[Any], *, fields: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> Response:
    visitor = visitor_of(request)
    person = await queries.person(request.connection, visitor.person_id)
    shown = {"name": person.name, "locale": person.locale or "", "timezone": person.timezone or "", "email": ""}
    return page(
        request, "people/account.html", status=422 if wrong else 200, person=person, fields={**shown, **(fields or {})},
        wrong=wrong or {}, said=_said(request.query.get("done", "")), languages=NATIVE,
        zones=[(one, one) for one in timezones()], sessions=await queries.sessions(request.connection, person.id),
        present=visitor.session_id, shortest=door_of(request).shortest,
    )  # fmt: skip


def _said(done: str) -> str:
    """What the page says of what was done just now."""
    return {
        "profile": lambda: _("Saved."),
        "password": lambda: _("Your password is changed. You were signed out elsewhere."),
        "asked": lambda: _("A link is on its way to the new address. Nothing changes before you use it."),
        "address": lambda: _("This is your address from now on. You were signed out elsewhere."),
        "session": lambda: _("The session is ended."),
        "everywhere": lambda: _("You are signed out everywhere else."),
    }.get(done, str)()


def _back(request: Request[Any], done: str) -> Response:
    return go(request, f"{request.path_to('people.account')}?done={done}")


def _faults(refused: InputRefused) -> dict[str, str]:
    return {one.path: one.accepted for one in refused.problems}


async def profile(request: Request[None]) -> Response:
    """Name, language, zone."""
    try:
        read = read_profile(request.fields)
    except InputRefused as refused:
        return await _account(request, fields=request.fields, wrong=_faults(refused))
    await persons.set_profile(request.connection, visitor_of(request).person_id, read)
    return _back(request, "profile")


async def password(request: Request[None]) -> Response:
    """A new password; other sessions end."""
    if (first := confirm_first(request, request.path_to("people.account"))) is not None:
        return first
    visitor = visitor_of(request)
    try:
        hashed = await door_of(request).hashed(request.fields.get("password", ""), visitor.name, visitor.email)
    except InputRefused as refused:
        return await _account(request, wrong=_faults(refused))
    await persons.set_password(request.connection, visitor.person_id, hashed, keep=visitor.session_id, by="password")
    return _back(request, "password")


async def address(request: Request[None]) -> Response:
    """Asks for another address; a link goes there."""
    if (first := confirm_first(request, request.path_to("people.account"))) is not None:
        return first
    try:
        email = read_email(request.fields)
    except InputRefused as refused:
        return await _account(request, fields={"email": request.fields.get("email", "")}, wrong=_faults(refused))
    await persons.ask_email(request.connection, visitor_of(request).person_id, email)
    return _back(request, "asked")


async def address_page(request: Request[None]) -> Response:
    """What the link to a new address does, with the button that does it."""
    return page(request, "people/address.html", token=request.query.get("token", ""))


async def confirm_address(request: Request[None]) -> Response:
    """Uses that link, wherever it was opened."""
    keep = None if request.identity.person_id is None else visitor_of(request).session_id
    try:
        person_id = await persons.set_email(request.connection, request.fields.get("token", ""), keep=keep)
    except (LinkOver, Conflict):
        return link_over(request)
    return _back(request, "address") if request.identity.person_id == person_id else go(request, "/sign-in")


async def session_id(request: Request[None]) -> UUID:
    """The session that the path names; whose it is, the verb finds out. Raises NotFound."""
    try:
        return UUID(str(request.path_params["session"]))
    except ValueError:
        raise NotFound("no session") from None


async def end_session(request: Request[UUID]) -> Response:
    """Ends one of one's own sessions."""
    visitor = visitor_of(request)
    await sessions.end(request.connection, visitor.person_id, request.loaded)
    return _back(request, "session")


async def end_sessions(request: Request[None]) -> Response:
    """Ends all of one's own sessions but this one."""
    visitor = visitor_of(request)
    await sessions.end_all(
        request.connection, [visitor.person_id], actor_of(visitor.person_id), keep=visitor.session_id, why="everywhere"
    )
    return _back(request, "everywhere")


async def confirm_page(request: Request[None]) -> Response:
    """Asks who one is, again."""
    person = await queries.person(request.connection, visitor_of(request).person_id)
    return page(request, "people/confirm.html", next=next_of(request), person=person, wrong="")


async def confirm(request: Request[None]) -> Response:
    """Says who one is, again; the session goes on under a new secret."""
    try:
        opened = await door_of(request).confirm(
            secret_of(request), request.fields.get("password", ""), origin_of(request)
        )
    except SignInRefused:
        wrong = _("The password is wrong.")
        return page(request, "people/confirm.html", status=422, next=next_of(request), person=None, wrong=wrong)
    return let_in(request, opened, next_of(request))


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/account", "people.account", account, access=Access.SIGNED_IN, load=None, rate=Rate.PAGE),
    Route(
        "POST", "/account/profile", "people.profile", profile, access=Access.SIGNED_IN, load=None, rate=Rate.FORM
    ),
    Route(
        "POST", "/account/password", "people.password", password,
        access=Access.SIGNED_IN, load=None, rate=Rate.SIGN_IN,
    ),
    Route(
        "POST", "/account/address", "people.address", address, access=Access.SIGNED_IN, load=None, rate=Rate.SIGN_IN
    ),
    Route(
        "GET", PATHS[Purpose.VERIFY], "people.verify", address_page, access=Access.PUBLIC, load=None, rate=Rate.PAGE
    ),
    Route(
        "POST", PATHS[Purpose.VERIFY], "people.verify", confirm_address,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN,
    ),
    Route(
        "POST", "/account/sessions/{session}/end", "people.session", end_session,
        access=Access.SIGNED_IN, load=session_id, rate=Rate.FORM,
    ),
    Route(
        "POST", "/account/sessions/end", "people.sessions", end_sessions,
        access=Access.SIGNED_IN, load=None, rate=Rate.FORM,
    ),
    Route(
        "GET", "/account/confirm", "people.confirm", confirm_page,
        access=Access.SIGNED_IN, load=None, rate=Rate.PAGE,
    ),
    Route(
        "POST", "/account/confirm", "people.confirm", confirm,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN, database=False,
    ),
)  # fmt: skip
