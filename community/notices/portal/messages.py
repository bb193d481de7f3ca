"""A member's messages, unread ones first, and what of them comes by mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from community.kit.clock import now
from community.kit.errors import NotFound
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.members.place import Place, place
from community.notices import actions, queries
from community.notices.queries import MOST_COUNTED, Inbox, Key
from community.notices.queries.readers import choices, titles
from community.notices.rules import MailKind
from community.notices.said import kind_said, said, subject_of
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of

MESSAGES = "/p/{slug}/messages"
SHOWN = 30
MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """A message that the path names; whether it is the visitor's, the verb finds out."""

    place: Place
    record_id: int

    @property
    def programme_id(self) -> int:
        """The id of the programme."""
        return self.place.programme_id


async def a_message(request: Request[Any]) -> MessagePlace:
    """Loads what the path names. Raises NotFound."""
    record_id = _number(str(request.path_params["message"]))
    if record_id is None:
        raise NotFound("no message")
    return MessagePlace(await place(request), record_id)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _inbox(at: Place) -> Inbox:
    return Inbox(at.programme_id, at.own)


async def messages(request: Request[Place]) -> Response:
    """The messages."""
    at = request.loaded
    after = _number(request.query.get("after", ""))
    read = request.query.get("read") == "yes"
    key = None if after is None else Key(after, now() if read else None)
    found = await queries.messages(request.connection, _inbox(at), after=key, most=SHOWN + 1)
    shown = found[:SHOWN]
    subjects = {one for row in shown if (one := subject_of(row)) is not None}
    names = await titles(request.connection, at.programme_id, sorted(subjects))
    last = shown[-1] if len(found) > SHOWN else None
    return page(
        request, "notices/messages.html", told=[(row, said(at.programme, row, names)) for row in shown],
        from_top=key is None, most=MOST_COUNTED, newest=max((row.record_id for row in shown), default=0),
        more=f"?after={last.record_id}&read={'yes' if last.read_at else 'no'}" if last is not None else None,
    )  # fmt: skip


async def read_one(request: Request[MessagePlace]) -> Response:
    """Marks one message as read."""
    at = request.loaded.place
    await actions.mark_read(request.connection, _inbox(at), [request.loaded.record_id])
    return go(request, request.path_to("notices.messages", slug=at.slug))


async def read_all(request: Request[Place]) -> Response:
    """Marks all messages as read that were there when the page was made."""
    at = request.loaded
    up_to = _number(request.fields.get("up_to", ""))
    if up_to is not None:
        await actions.mark_all_read(request.connection, _inbox(at), up_to)
    return go(request, request.path_to("notices.messages", slug=at.slug))


async def preferences(request: Request[Place]) -> Response:
    """What comes by mail."""
    at = request.loaded
    wanted = await choices(request.connection, at.programme_id, at.own)
    kinds = [(kind.value, *kind_said(kind), wanted[kind]) for kind in MailKind]
    email = visitor_of(request).email
    return page(request, "notices/preferences.html", kinds=kinds, email=email, saved=bool(request.query.get("saved")))


async def choose(request: Request[Place]) -> Response:
    """Chooses what comes by mail: what is ticked, and nothing else."""
    at = request.loaded
    ticked = set(request.every("kind"))
    wanted = {kind: kind.value in ticked for kind in MailKind}
    actor = actor_of(visitor_of(request).person_id)
    await actions.choose(request.connection, at.programme_id, at.own, wanted, actor)
    return go(request, f"{request.path_to('notices.preferences', slug=at.slug)}?saved=yes")


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", MESSAGES, "notices.messages", messages, access=Access.MEMBER, load=place, rate=Rate.PAGE),
    Route(
        "POST", MESSAGES + "/read", "notices.read_all", read_all, access=Access.MEMBER, load=place, rate=Rate.FORM
    ),
    Route(
        "GET", MESSAGES + "/preferences", "notices.preferences", preferences,
        access=Access.MEMBER, load=place, rate=Rate.PAGE,
    ),
    Route(
        "POST", MESSAGES + "/preferences", "notices.preferences", choose,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
    Route(
        "POST", MESSAGES + "/{message}/read", "notices.read", read_one,
        access=Access.MEMBER, load=a_message, rate=Rate.FORM,
    ),
)  # fmt: skip
