"""The boards as pages: which there are, who stands where, periods gone by, and staying off them."""

from __future__ import annotations

from typing import Any

from community.kit.web.rates import Rate
from community.kit.web.routes import Access, Route
from community.leaderboards.portal import board, overview
from community.leaderboards.portal.entrance import a_board, a_period, board_named
from community.members.place import place

BOARDS = "/p/{slug}/boards"

ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET", BOARDS, "leaderboards.boards", overview.boards, access=Access.PUBLIC, load=place, rate=Rate.PAGE
    ),
    Route(
        "POST", BOARDS + "/presence", "leaderboards.presence", overview.presence,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
    Route(
        "GET", BOARDS + "/presence", "leaderboards.presence", board.board,
        access=Access.PUBLIC, load=board_named("presence"), rate=Rate.PAGE,
    ),
    Route(
        "GET", BOARDS + "/{board}", "leaderboards.board", board.board,
        access=Access.PUBLIC, load=a_board, rate=Rate.PAGE,
    ),
    Route(
        "GET", BOARDS + "/{board}/places.csv", "leaderboards.file", board.file,
        access=Access.MANAGER, load=a_board, rate=Rate.HEAVY,
    ),
    Route(
        "GET", BOARDS + "/{board}/{period}", "leaderboards.period", board.period,
        access=Access.PUBLIC, load=a_period, rate=Rate.PAGE,
    ),
    Route(
        "GET", BOARDS + "/{board}/{period}/places.csv", "leaderboards.period_file", board.period_file,
        access=Access.MANAGER, load=a_period, rate=Rate.HEAVY,
    ),
)  # fmt: skip
"""A board may be called `presence`: then the path of the switch shows it."""
