"""Accepting an invitation: whoever does is the member from then on, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from community.kit import i18n
from community.kit.errors import InputRefused, SignInFirst
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members.actions.binding import bind
from community.members.actions.joining import free_handle, join
from community.people import queries as people
from community.people.actions import accepting, sessions
from community.people.actions.accepting import Accepted
from community.people.actions.tokens import LinkOver
from community.people.forms import read_profile
from community.people.letters import PATHS, invited
from community.people.portal.front import link_over
from community.people.portal.visit import door_of, let_in, origin_of, visitor_of
from community.people.queries import InvitationRow
from community.people.rules import Purpose
from community.programmes import queries as programmes
from community.programmes.book import text


async def invitation_page(request: Request[None]) -> Response:
    """What one is invited to, and how to accept."""
    try:
        found = await accepting.opened(request.connection, request.query.get("token", ""))
    except LinkOver:
        return link_over(request)
    return await _invitation(request, found, request.query.get("token", ""))


async def _invitation(
    request: Request[Any],
    found: InvitationRow,
    token: str,
    *,
    fields: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    """The page; a new person says how they are called, a new member of a programme which handle they take."""
    signed_in = request.identity.person_id is not None
    owner = await people.credentials(request.connection, found.email)
    local = found.email.partition("@")[0]
    shown = {"name": found.name, "handle": local, "locale": found.locale or i18n.language(), **(fields or {})}
    return page(
        request, "members/invitation.html", status=422 if wrong else 200, token=token, invitation=found,
        asks=invited(found.role, await _title(request, found)), signed_in=signed_in, known=owner is not None,
        others=signed_in and owner is not None and owner[0] != request.identity.person_id,
        joins=_joins(found),
        fields=shown, wrong=wrong or {}, shortest=door_of(request).shortest, languages=i18n.NATIVE,
        way_in=_way_in(request, token),
    )  # fmt: skip


def _way_in(request: Request[Any], token: str) -> str:
    """Where one signs in and comes back to the invitation."""
    back = quote(f"{request.path_to('members.invitation')}?token={token}", safe="/")
    return f"{request.path_to('people.sign_in')}?next={back}"


async def _title(request: Request[Any], found: InvitationRow) -> str:
    if found.programme_id is not None:
        programme = await programmes.programme_of(request.connection, found.programme_id)
        return text(programme.book.programme.name, i18n.language(), programme.book.programme.locale)
    if found.unit_id is not None:
        return await programmes.unit_name(request.connection, found.unit_id)
    return "Community"


def _joins(found: InvitationRow) -> bool:
    """Whether whoever accepts becomes a new member."""
    return found.programme_id is not None and found.member_id is None and found.role is None


async def accept(request: Request[None]) -> Response:
    """Accepts: the account, the member and the role are one transaction; then whoever accepted is signed in."""
    token = request.fields.get("token", "")
    try:
        found = await accepting.opened(request.connection, token)
        faults: dict[str, str] = {}
        with _into(faults):
            handle = await _handle(request, found)
        with _into(faults):
            profile = read_profile(request.fields) if request.identity.person_id is None else None
        with _into(faults):
            hashed = await _hashed(request, found)
        if faults:
            return await _invitation(request, found, token, fields=_kept(request), wrong=faults)
        if profile is None:
            accepted = await accepting.accept_as(request.connection, token, visitor_of(request).person_id)
        else:
            accepted = await accepting.accept_anew(request.connection, token, profile, hashed)
    except LinkOver:
        return link_over(request)
    except SignInFirst:
        return go(request, _way_in(request, token))
    await _become(request, accepted, handle)
    if profile is None and found.role is None:
        return go(request, "/")
    opened = await sessions.start(request.connection, accepted.person_id, origin_of(request).agent, by="invitation")
    return let_in(request, opened, "/")


@contextmanager
def _into(faults: dict[str, str]) -> Iterator[None]:
    """What is refused inside is a fault of its field, beside those of the others."""
    try:
        yield
    except InputRefused as refused:
        faults |= {one.path: one.accepted for one in refused.problems}


async def _handle(request: Request[Any], found: InvitationRow) -> str | None:
    """The handle of a new member; None where nobody joins. Raises InputRefused."""
    if not _joins(found):
        return None
    assert found.programme_id is not None
    return await free_handle(request.connection, found.programme_id, request.fields.get("handle", ""))


async def _hashed(request: Request[Any], found: InvitationRow) -> str | None:
    """The hash of the password of a new person; None where none was chosen: then links by mail sign in."""
    given = request.fields.get("password", "")
    if request.identity.person_id is not None or not given:
        return None
    return await door_of(request).hashed(given, request.fields.get("name"), found.email)


def _kept(request: Request[Any]) -> dict[str, str]:
    return {name: request.fields[name] for name in ("name", "handle", "locale") if name in request.fields}


async def _become(request: Request[Any], accepted: Accepted, handle: str | None) -> None:
    """Whoever accepted is the member that the invitation named, or a new one."""
    if accepted.programme_id is None:
        return
    if accepted.member_id is not None:
        await bind(request.connection, accepted.programme_id, accepted.member_id, accepted.person_id)
    elif handle is not None:
        programme = await programmes.programme_of(request.connection, accepted.programme_id)
        await join(request.connection, programme, accepted.person_id, handle)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", PATHS[Purpose.INVITATION], "members.invitation", invitation_page,
        access=Access.PUBLIC, load=None, rate=Rate.PAGE,
    ),
    Route(
        "POST", PATHS[Purpose.INVITATION], "members.invitation", accept,
        access=Access.PUBLIC, load=None, rate=Rate.SIGN_IN,
    ),
)  # fmt: skip
