"""Signing in and out, by password and by link; choosing a new password.

What is tried here is counted and hashed outside of any transaction (`people.door`), so these routes have none. A link
that came by mail opens a page with a button: only pressing it uses the link, so that programs which follow the links of
mails use nothing up.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from community.kit.errors import InputRefused
from community.kit.i18n import gettext as _
from community.kit.web.cookies import SESSION, drop_cookie
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.people import queries
from community.people.actions import sessions
from community.people.actions.tokens import LinkOver, digest_of
from community.people.door import SignInRefused
from community.people.forms import read_email
from community.people.letters import PATHS
from community.people.portal.visit import door_of, let_in, next_of, origin_of, secret_of
from community.people.rules import Purpose


async def sign_in_page(request: Request[None]) -> Response:
    """The form; whoever is signed in goes on."""
    if request.identity.person_id is not None:
        return go(request, next_of(request))
    return _sign_in(request)


def _sign_in(request: Request[Any], *, email: str = "", wrong: str = "", status: int = 200) -> Response:
    chosen = request.query.get("chosen") == "yes"
    return page(
        request, "people/sign_in.html", status=status, next=next_of(request), email=email, wrong=wrong, chosen=chosen
    )


async def sign_in(request: Request[None]) -> Response:
    """By password, or asks for a link, as the button says."""
    email = request.fields.get("email", "")
    if "link" in request.fields:
        return await _ask(request, email, Purpose.SIGN_IN)
    try:
        opened = await door_of(request).sign_in(email, request.fields.get("password", ""), origin_of(request))
    except SignInRefused:
        return _sign_in(request, email=email, wrong=_("The address or the password is wrong."), status=422)
    return let_in(request, opened, next_of(request))


async def reset_page(request: Request[None]) -> Response:
    """Asks whose password it is."""
    return page(request, "people/reset.html", email="", wrong="")


async def reset(request: Request[None]) -> Response:
    """Sends the link."""
    return await _ask(request, request.fields.get("email", ""), Purpose.RESET)


async def _ask(request: Request[None], email: str, purpose: Purpose) -> Response:
    """The same answer for every address that can be one."""
    try:
        typed = read_email({"email": email})
    except InputRefused as refused:
        wrong = refused.problems[0].accepted
        if purpose is Purpose.RESET:
            return page(request, "people/reset.html", status=422, email=email, wrong=wrong)
        return _sign_in(request, email=email, wrong=_("Type {accepted}.").format(accepted=wrong), status=422)
    await door_of(request).ask_link(typed, purpose, origin_of(request))
    return page(request, "people/sent.html", email=typed)


async def link_page(request: Request[None]) -> Response:
    """What a link that signs in does, with the button that does it; whether it works is found out by pressing."""
    return page(request, "people/link.html", token=request.query.get("token", ""))


async def choose_page(request: Request[None]) -> Response:
    """The form for a new password."""
    return _choose(request, request.query.get("token", ""))


def _choose(request: Request[Any], token: str, *, wrong: str = "", status: int = 200) -> Response:
    shortest = door_of(request).shortest
    return page(request, "people/choose.html", status=status, token=token, wrong=wrong, shortest=shortest)


async def sign_in_by_link(request: Request[None]) -> Response:
    """Uses the link."""
    try:
        opened = await door_of(request).sign_in_by_link(request.fields.get("token", ""), origin_of(request))
    except LinkOver:
        return link_over(request)
    return let_in(request, opened, "/")


async def choose(request: Request[None]) -> Response:
    """Uses the link of a reset; whoever did signs in with the new password."""
    token, password = request.fields.get("token", ""), request.fields.get("password", "")
    try:
        await door_of(request).reset(token, password, origin_of(request))
    except LinkOver:
        return link_over(request)
    except InputRefused as refused:
        return _choose(request, token, wrong=refused.problems[0].accepted, status=422)
    return go(request, f"{request.path_to('people.sign_in')}?chosen=yes")


def link_over(request: Request[Any]) -> Response:
    """The link works no more."""
    return page(request, "people/link_over.html", status=410)


async def sign_out(request: Request[None]) -> Response:
    """Ends the session; the browser forgets what it kept."""
    found = await queries.session_of(request.connection, digest_of(secret_of(request)))
    if found is not None:
        await sessions.end(request.connection, found[1], found[0])
    response = go(request, request.path_to("people.sign_in"))
    drop_cookie(response, request.settings, SESSION)
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/sign-in", "people.sign_in", sign_in_page, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
    Route(
        "POST", "/sign-in", "people.sign_in", sign_in,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN, database=False,
    ),
    Route(
        "GET", PATHS[Purpose.SIGN_IN], "people.link", link_page,
        access=Access.PUBLIC, load=None, rate=Rate.PAGE,
    ),
    Route(
        "POST", PATHS[Purpose.SIGN_IN], "people.link", sign_in_by_link,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN, database=False,
    ),
    Route("GET", "/reset", "people.reset", reset_page, access=Access.PUBLIC, load=None, rate=Rate.PAGE),
    Route(
        "POST", "/reset", "people.reset", reset, access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN, database=False
    ),
    Route(
        "GET", PATHS[Purpose.RESET], "people.choose", choose_page,
        access=Access.PUBLIC, load=None, rate=Rate.PAGE,
    ),
    Route(
        "POST", PATHS[Purpose.RESET], "people.choose", choose,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN, database=False,
    ),
    Route("POST", "/sign-out", "people.sign_out", sign_out, access=Access.PUBLIC, load=None, rate=Rate.FORM),
)  # fmt: skip
