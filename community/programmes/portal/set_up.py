"""The first person of an installation, by the link that `community serve` prints while there is nobody."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from community.kit.errors import InputRefused
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.people import queries as people
from community.people.actions import sessions
from community.people.actions.tokens import LinkOver, digest_of
from community.people.forms import read_person
from community.people.letters import PATHS
from community.people.portal.front import link_over
from community.people.portal.visit import door_of, let_in, origin_of
from community.people.rules import Purpose
from community.programmes import actions


async def set_up_page(request: Request[None]) -> Response:
    """The form; whether the link works is found out by sending it."""
    return _form(request, {}, {})


def _form(request: Request[Any], fields: dict[str, str], wrong: dict[str, str]) -> Response:
    token = fields.get("token") or request.query.get("token", "")
    shown = {name: fields.get(name, "") for name in ("email", "name")}
    return page(
        request, "programmes/set_up.html", status=422 if wrong else 200, token=token, fields=shown, wrong=wrong,
        shortest=door_of(request).shortest,
    )  # fmt: skip


async def set_up(request: Request[None]) -> Response:
    """Makes the first person, who leads the hub, and signs them in."""
    digest = digest_of(request.fields.get("token", ""))
    if await people.token(request.connection, digest, Purpose.SET_UP) is None:
        return link_over(request)
    wrong: dict[str, str] = {}
    try:
        form = read_person({**request.fields, "locale": ""})
    except InputRefused as refused:
        wrong |= {one.path: one.accepted for one in refused.problems}
    try:
        known = (request.fields.get("name"), request.fields.get("email"))
        hashed = await door_of(request).hashed(request.fields.get("password", ""), *known)
    except InputRefused as refused:
        wrong |= {one.path: one.accepted for one in refused.problems}
    if wrong:
        return _form(request, request.fields, wrong)
    try:
        person_id = await actions.begin(request.connection, request.fields.get("token", ""), form, hashed)
    except LinkOver:
        return link_over(request)
    opened = await sessions.start(request.connection, person_id, origin_of(request).agent, by="set_up")
    return let_in(request, opened, "/")


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", PATHS[Purpose.SET_UP], "programmes.set_up", set_up_page,
        access=Access.PUBLIC, load=None, rate=Rate.PAGE,
    ),
    Route(
        "POST", PATHS[Purpose.SET_UP], "programmes.set_up", set_up,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN,
    ),
)  # fmt: skip
