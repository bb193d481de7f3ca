"""All boards that the visitor may see, with their own place on each, and the switch by which one stays off them."""

from __future__ import annotations

from starlette.responses import Response

from community.kit.errors import InputRefused, Problem
from community.kit.text import excerpt
from community.kit.web.pages import page
from community.kit.web.redirects import go
from community.kit.web.request import Request
from community.leaderboards.portal.entrance import may_see
from community.leaderboards.portal.words import metric_words, window_said
from community.leaderboards.queries import mine
from community.members.actions.presence import set_presence
from community.members.place import Place
from community.people.portal.visit import visitor_of
from community.people.rules import actor_of


async def boards(request: Request[Place]) -> Response:
    """The boards, in the order of the book."""
    at = request.loaded
    there = [one for one in at.programme.book.leaderboards if may_see(request, at, one)]
    places: dict[str, mine.OwnPlace] = {}
    present = True
    if at.member_id is not None:
        present = await mine.stands_on_boards(request.connection, at.programme_id, at.member_id)
        places = await mine.places(request.connection, at.programme_id, at.member_id, there)
    if not present:
        places = {one.key: places[one.key] for one in there if one.audience == "managers" and one.key in places}
    return page(
        request, "leaderboards/boards.html", boards=there, places=places, present=present,
        sizes=await mine.sizes(request.connection, at.programme_id), metric_words=metric_words,
        window_words=lambda board: window_said(board.window), done=request.query.get("done", ""),
    )  # fmt: skip


async def presence(request: Request[Place]) -> Response:
    """Stands on the boards from now on, or stays off them: one's own wish. Raises InputRefused."""
    at = request.loaded
    given = request.fields.get("on_boards", "")
    if given not in ("yes", "no"):
        raise InputRefused([Problem("on_boards", excerpt(given), "yes, no")])
    wanted = given == "yes"
    actor = actor_of(visitor_of(request).person_id)
    await set_presence(request.connection, at.programme_id, at.own, actor, on_boards=wanted)
    return go(request, f"{request.path_to('leaderboards.boards', slug=at.slug)}?done={'on' if wanted else 'off'}")
