"""The book of a programme in plain words, and what changed in it from version to version.

A programme that shows a board to everybody shows its book, too; the book of any other is for its members and for
whoever has a role there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from starlette.responses import Response

from community.kit.errors import NotFound, SignInFirst
from community.kit.web.pages import page
from community.kit.web.rates import Rate
from community.kit.web.request import Request
from community.kit.web.routes import Access, Route
from community.people import queries as people
from community.people.portal.visit import SignedIn
from community.programmes import queries
from community.programmes.book import Board, Book
from community.programmes.changelog import Change, changes
from community.programmes.queries import ProgrammeRow, VersionRow
from community.programmes.said import BookSaid, window_said
from community.programmes.windows import cycle_start

VERSIONS = 20


class At(Protocol):
    """The place of a programme, as its pages are given it (`members.place.Place`)."""

    @property
    def programme(self) -> ProgrammeRow:
        """The programme."""

    @property
    def member_id(self) -> int | None:
        """The member that the visitor is."""

    @property
    def slug(self) -> str:
        """The slug."""


Loads = Callable[[Request[Any]], Awaitable[At]]


@dataclass(frozen=True, slots=True)
class VersionSaid:
    """A version of the book with who applied it, where the page says so, and what it changed."""

    row: VersionRow
    by: str | None
    changes: Sequence[Change]


def of_the_book(place: Loads) -> tuple[Route[Any], ...]:
    """The routes, given what loads the place of a programme."""

    async def load(request: Request[Any]) -> At:
        at = await place(request)
        if at.programme.book.is_public or at.member_id is not None or has_role(request, at):
            return at
        if request.identity.person_id is None:
            raise SignInFirst("a book for members")
        raise NotFound("a book for members")

    return (
        Route(
            "GET", "/p/{slug}/rules", "programmes.rules", rules, access=Access.PUBLIC, load=load, rate=Rate.PAGE
        ),
        Route(
            "GET", "/p/{slug}/rules/changes", "programmes.changes", change_log,
            access=Access.PUBLIC, load=load, rate=Rate.PAGE,
        ),
    )  # fmt: skip


async def rules(request: Request[At]) -> Response:
    """The book in force."""
    at = request.loaded
    book = at.programme.book
    [version] = await queries.history(request.connection, at.programme.id, most=1)
    return page(
        request, "programmes/rules.html", book=book, said=BookSaid(book), version=version, window_said=window_said,
        cycle_day=cycle_start(at.programme.today, book.programme.cycle),
        boards=[one for one in book.leaderboards if _sees(request, at, one)],
    )  # fmt: skip


async def change_log(request: Request[At]) -> Response:
    """The versions of the book, newest first, and what each changed."""
    at = request.loaded
    before = _number(request.query.get("before", ""))
    found = await queries.history(request.connection, at.programme.id, before=before, most=VERSIONS + 1)
    shown = found[:VERSIONS]
    names = await _names(request, at, shown)
    versions = [
        VersionSaid(
            row, names.get(row.applied_by), changes(_book(at, row.number - 1), at.programme.versions.book(row.number))
        )
        for row in shown
    ]
    return page(
        request, "programmes/changes.html", versions=versions, count=at.programme.version, before=before,
        more=shown[-1].number if len(found) > VERSIONS else None,
    )  # fmt: skip


def has_role(request: Request[Any], at: At) -> bool:
    """Whether the visitor reviews, manages or leads there."""
    identity = request.identity
    return (
        isinstance(identity, SignedIn)
        and identity.visitor.programme_id == at.programme.id
        and bool(identity.visitor.roles)
    )


def _sees(request: Request[Any], at: At, board: Board) -> bool:
    inside = at.member_id is not None or has_role(request, at)
    return board.audience == "public" or (board.audience == "members" and inside)


def _book(at: At, number: int) -> Book | None:
    return at.programme.versions.book(number) if number else None


async def _names(request: Request[Any], at: At, rows: Sequence[VersionRow]) -> dict[str, str]:
    """What those who applied the versions are called: for members and whoever has a role, nobody else."""
    if at.member_id is None and not has_role(request, at):
        return {}
    actors = {row.applied_by for row in rows if row.applied_by.startswith("person:")}
    ids = {UUID(one.removeprefix("person:")): one for one in actors}
    return {ids[person_id]: name for person_id, name in (await people.names(request.connection, list(ids))).items()}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
