"""The frame of every page: who is signed in, the words across the top, and how much there is to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from community.home.demo.queries import is_demonstration
from community.kit.web.request import Request
from community.members.place import Place
from community.notices.queries import Inbox, count_unread
from community.people.portal.visit import SignedIn


@dataclass(frozen=True, slots=True)
class Word:
    """A word across the top of a programme's portal; the layout says it. `members`: shown to members only."""

    key: str
    route: str
    members: bool = True


WORDS = (
    Word("home", "home.portal"),
    Word("contributions", "contributions.mine"),
    Word("points", "home.statement"),
    Word("boards", "leaderboards.boards", members=False),
    Word("members", "home.directory", members=False),
    Word("rules", "programmes.rules", members=False),
)
"""In this order; the first that is shown is where the name of the programme leads."""

OWN = (Word("profile", "home.profile"), Word("my_data", "home.my_data"))
"""What a member finds behind their initials."""


async def shell(request: Request[Any]) -> dict[str, Any]:
    """`me` (name, initials) for whoever is signed in; `demonstration`: whether this is one.

    Around a programme `place`, `words` and `own` (key, path), too; for its members `unread`, how many messages there
    are to read, and `messages`, where they are. What a route with a path `/p/{slug}…` loads is a Place, or has it as
    `place`.
    """
    shown: dict[str, Any] = {"me": None, "demonstration": await is_demonstration(request.connection)}
    if isinstance(request.identity, SignedIn):
        name = request.identity.visitor.name
        shown["me"] = {"name": name, "initials": initials(name)}
    place = getattr(request.loaded, "place", request.loaded)
    if not isinstance(place, Place):
        return shown
    shown |= {"place": place, "words": _paths(request, place, WORDS), "own": _paths(request, place, OWN)}
    shown |= {"unread": 0, "messages": None}
    if place.member_id is not None:
        shown["unread"] = await count_unread(request.connection, Inbox(place.programme_id, place.member_id))
        shown["messages"] = request.path_to("notices.messages", slug=place.slug)
    return shown


def _paths(request: Request[Any], place: Place, words: tuple[Word, ...]) -> list[tuple[str, str]]:
    """Keys and paths of the words that the visitor sees."""
    return [
        (one.key, request.path_to(one.route, slug=place.slug))
        for one in words
        if place.member_id is not None or not one.members
    ]


def initials(name: str) -> str:
    """One or two letters for a name: those of its first and its last word."""
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else ""
