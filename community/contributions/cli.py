"""`community contributions list | approve | reject | return | withdraw | reverse | edit | override`."""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from dataclasses import asdict
from typing import Annotated, Any, Protocol
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.contributions import queries
from community.contributions.actions import edit as editing
from community.contributions.actions import review
from community.contributions.actions.held import Content
from community.contributions.forms import ContributionForms
from community.contributions.models import State
from community.contributions.queries import ContributionRow
from community.kit import console
from community.kit.arguments import AsJson, NeededNote, Note, Slug
from community.kit.days import DayReader
from community.kit.db import reading, retried, writing
from community.kit.errors import Conflict, InputRefused, Problem, UsageError
from community.kit.settings import Settings
from community.members.queries import member
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow

contributions = console.group("contributions", "What members did: bring in, list, review, edit.")

AT_ONCE = 2_000
"""Contributions decided in one transaction, of all that wait."""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}; accepted: an id as `contributions list` shows it") from None


Ids = Annotated[list[UUID] | None, typer.Argument(metavar="ID…", parser=_uuid, help="Contributions to decide about.")]
OneId = Annotated[UUID, typer.Argument(metavar="ID", parser=_uuid, help="The contribution.")]
AllPending = Annotated[bool, typer.Option("--all-pending", help="Everything that waits for review.")]


class Verb(Protocol):
    """A review verb over ids."""

    def __call__(
        self,
        connection: AsyncConnection,
        programme: ProgrammeRow,
        ids: Collection[UUID],
        *,
        actor: str,
        note: str | None,
    ) -> Awaitable[int]: ...


@contributions.command("list")
def list_(
    slug: Slug,
    state: Annotated[State | None, typer.Option("--state", help="Only those in this state.")] = None,
    handle: Annotated[str | None, typer.Option("--handle", metavar="H", help="Only this member's.")] = None,
    type_key: Annotated[str | None, typer.Option("--type", metavar="KEY", help="Only of this type.")] = None,
    as_json: AsJson = False,
) -> None:
    """List contributions in the order in which they came in."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[ContributionRow]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            owner = await member(connection, programme.id, handle) if handle else None
            found = queries.contributions(
                connection, programme.id, state=state.value if state else None,
                member_id=owner.id if owner else None, type_key=type_key,
            )  # fmt: skip
            return [row async for row in found]

    rows = console.run(work)
    if as_json:
        console.emit_json([asdict(row) for row in rows])
        return
    columns = ("id", "handle", "type", "occurred_on", "state", "points", "title")
    console.show_table(columns, ([getattr(row, name) for name in columns] for row in rows), right=("points",))


@contributions.command()
def approve(slug: Slug, ids: Ids = None, all_pending: AllPending = False, note: Note = None) -> None:
    """Approve submissions.

    They are priced by the book in force, and the points are posted.
    """
    _decide(slug, ids, all_pending, note, review.approve, "approved")


@contributions.command()
def reject(slug: Slug, ids: Ids = None, all_pending: AllPending = False, note: Note = None) -> None:
    """Reject submissions."""
    _decide(slug, ids, all_pending, note, review.reject, "rejected")


@contributions.command("return")
def return_(slug: Slug, ids: Ids = None, all_pending: AllPending = False, note: NeededNote = "") -> None:
    """Give submissions back for changes, with a note."""

    async def returned(
        connection: AsyncConnection, programme: ProgrammeRow, ids: Collection[UUID], *, actor: str, note: str | None
    ) -> int:
        return await review.return_for_changes(connection, programme, ids, actor=actor, note=note or "")

    _decide(slug, ids, all_pending, note, returned, "returned")


@contributions.command()
def withdraw(slug: Slug, ids: Ids = None, note: Note = None) -> None:
    """Take back submissions that were not decided yet."""
    _decide(slug, ids, False, note, review.withdraw, "withdrawn")


@contributions.command()
def reverse(slug: Slug, ids: Ids = None, note: Note = None) -> None:
    """Take approved contributions back.

    Their points are reversed, and later ones in line may get what a cap then leaves.
    """
    _decide(slug, ids, False, note, review.reverse, "reversed")


def _decide(slug: str, ids: list[UUID] | None, everything: bool, note: str | None, verb: Verb, done: str) -> None:
    if bool(ids) == everything:
        raise UsageError("name contributions by their ids, or all that wait by --all-pending")

    async def work(engine: AsyncEngine, _settings: Settings) -> int:
        if ids:
            async with writing(engine) as connection:
                programme = await programmes.programme(connection, slug)
                return await verb(connection, programme, ids, actor=console.ACTOR, note=note)
        return await _decide_about_all(engine, slug, note, verb)

    console.say(f"{console.spaced(console.run(work))} {done}")


async def _decide_about_all(engine: AsyncEngine, slug: str, note: str | None, verb: Verb) -> int:
    """Decides about everything that waits, a part at a time; answers how many. Others who decide may go first."""
    total = 0
    tried: list[UUID] = []

    async def part(connection: AsyncConnection) -> int:
        nonlocal tried
        programme = await programmes.programme(connection, slug)
        waiting = await queries.waiting(connection, programme.id, AT_ONCE)
        unmoved, tried = waiting == tried, waiting
        try:
            return await verb(connection, programme, waiting, actor=console.ACTOR, note=note) if waiting else 0
        except Conflict:
            if unmoved:
                raise
            raise _Overtaken from None

    while True:
        try:
            decided = await retried(engine, part)
        except _Overtaken:
            continue
        if not decided:
            return total
        total += decided


class _Overtaken(Exception):  # no error: what waited is looked up again
    """Another process decided about some of what waited."""


@contributions.command()
def edit(
    slug: Slug,
    contribution_id: OneId,
    changes: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…", help="What changes; an empty value clears.")],
    as_author: Annotated[
        bool, typer.Option("--as-author", help="An edit of an approved contribution waits for review.")
    ] = False,
) -> None:
    """Edit a contribution.

    Its title, url, occurred_on, language, description, type, handle, or a field of its type.
    """
    given = dict(_change(one) for one in changes)

    async def work(engine: AsyncEngine, _settings: Settings) -> str:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            row = await queries.contribution(connection, programme.id, contribution_id)
            handle = given.pop("handle", None)
            owner = await member(connection, programme.id, handle) if handle else None
            content = _edited(programme, row, given)
            return await editing.edit(
                connection, programme, contribution_id, content, actor=console.ACTOR,
                member_id=owner.id if owner else None, by_author=as_author,
            )  # fmt: skip

    console.say(f"{contribution_id}: {console.run(work)}")


def _change(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"found {text!r}; accepted: FIELD=VALUE")
    return name, value


def _edited(programme: ProgrammeRow, row: ContributionRow, given: dict[str, str]) -> Content:
    """The content after the changes, checked by the form of its type."""
    present: dict[str, Any] = {
        "type": row.type, "title": row.title, "url": row.url or "", "occurred_on": row.occurred_on.isoformat(),
        "language": row.language or "", "description": row.description or "", **row.fields,
    }  # fmt: skip
    kind = programme.versions.type(programme.version, given.get("type", row.type))
    known = {"type", "title", "url", "occurred_on", "language", "description", "reach"}
    known |= {field.key for field in kind.fields} if kind else set()
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"found {', '.join(unknown)}; accepted: handle, {', '.join(sorted(known))}")
    values = {name: value for name, value in {**present, **given}.items() if name in known}
    forms = ContributionForms(programme.book, DayReader(programme.book.programme.timezone), programme.today)
    checked = forms.check(values)
    if isinstance(checked, list):
        raise InputRefused([Problem(one.column, repr(one.value), one.message, where=str(row.id)) for one in checked])
    return Content(*checked[:7])


@contributions.command(context_settings={"ignore_unknown_options": True})
def override(
    slug: Slug,
    contribution_id: OneId,
    points: Annotated[int | None, typer.Argument(metavar="[POINTS]", help="Points in place of the price.")] = None,
    note: Note = None,
    past_caps: Annotated[bool, typer.Option("--past-caps", help="Caps do not cut it.")] = False,
    take_back: Annotated[bool, typer.Option("--take-back", help="The price counts again.")] = False,
) -> None:
    """Set points in place of a price, or take that back.

    Only for approved contributions, and with a reason. Caps apply unless --past-caps is given.
    """
    if (points is None) != take_back:
        raise UsageError("name the points, or --take-back")

    async def work(engine: AsyncEngine, _settings: Settings) -> None:
        async with writing(engine) as connection:
            programme = await programmes.programme(connection, slug)
            if points is None:
                await editing.take_back_override(connection, programme, contribution_id, actor=console.ACTOR, note=note)
                return
            await editing.override(
                connection,
                programme,
                contribution_id,
                points,
                actor=console.ACTOR,
                note=note or "",
                past_caps=past_caps,
            )

    console.run(work)
    console.say(f"{contribution_id}: {'the price counts again' if points is None else f'{points} points'}")
