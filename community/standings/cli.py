"""`community standings list | explain | accept | decline | lock | unlock | place` (`refresh` is the home room's)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.intake.cli import DateFormat, DryRun, Files, Map, Set, SourceZone, Strict, tell
from community.intake.files.groups import Source
from community.intake.files.layout import naming
from community.intake.files.members import import_members
from community.intake.files.report import Report
from community.kit import console
from community.kit.arguments import AsJson, AsOf, Handle, NeededNote, Note, Slug, read_day
from community.kit.db import reading, writing
from community.kit.errors import Conflict
from community.kit.settings import Settings
from community.members.queries import member
from community.programmes import queries as programmes
from community.standings.actions import byhand
from community.standings.actions.byhand import Hand
from community.standings.queries import present
from community.standings.queries.explained import Explanation
from community.standings.queries.explained import explain as explain_member
from community.standings.queries.present import StandingRow
from community.standings.rules.words import reason_words

members = console.group("members")
standings = console.group("standings", "Where members stand and why; what is done by hand.")


def plain(row: StandingRow, day: date) -> dict[str, Any]:
    """The shape of `standings list --json`; the lock is that of `day`."""
    state = row.state
    proposal = None if state.proposal is None else {"kind": state.proposal.kind, "tier": state.proposal.tier}
    return {
        "handle": row.handle,
        "tier": state.tier,
        "since": state.since,
        "at_risk_since": state.at_risk_since,
        "lost_on": state.lost_on,
        "locked": state.locked_on(day),
        "proposal": proposal,
    }


@standings.command("list")
def list_(
    slug: Slug,
    tier: Annotated[str | None, typer.Option("--tier", metavar="KEY", help="Only those who hold this tier.")] = None,
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Only those at risk.")] = False,
    as_json: AsJson = False,
) -> None:
    """List where members stand, by handle."""

    async def work(engine: AsyncEngine, _settings: Settings) -> list[dict[str, Any]]:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            run = await present.last_run(connection, programme.id)
            day = run[0] if run else programme.today
            rows: AsyncIterator[StandingRow] = present.standings(connection, programme.id, tier, at_risk=at_risk)
            return [plain(row, day) async for row in rows]

    rows = console.run(work)
    if as_json:
        console.emit_json(rows)
        return
    columns = ("handle", "tier", "since", "at_risk_since", "lost_on", "locked", "proposal")
    console.show_table(columns, ([_shown(row[name]) for name in columns] for row in rows))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{value['kind']} to {value['tier'] or 'none'}"
    return "yes" if value is True else "" if value is False else value


@standings.command()
def explain(slug: Slug, handle: Handle, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Say why a member stands where they stand.

    Every tier, every requirement, with its actual value and bound.
    """

    async def work(engine: AsyncEngine, _settings: Settings) -> Explanation:
        async with reading(engine) as connection:
            programme = await programmes.programme(connection, slug)
            found = await member(connection, programme.id, handle)
            return await explain_member(connection, programme, found, as_of or programme.today)

    found = console.run(work)
    if as_json:
        console.emit_json(found.plain())
        return
    state = found.state
    console.say(f"{found.member.handle} on {found.as_of}: {state.tier or 'no tier'}{_since(state.since)}")
    console.say(f"qualifies for {found.qualifies or 'no tier'}")
    if state.at_risk_since:
        console.say(f"at risk since {state.at_risk_since}, lost on {state.lost_on}")
    if state.proposal:
        console.say(f"a {state.proposal.kind} to {state.proposal.tier or 'none'} waits for a manager")
    for key, sides in found.tiers.items():
        for word, side in zip(("gain", "keep"), sides, strict=True):
            console.say(f"{key}, {word}: {'met' if side.met else 'not met'}")
            for reason in side.reasons:
                console.say(f"  {'✓' if reason['met'] else '✗'} {reason_words(reason)}")


def _since(day: date | None) -> str:
    return f" since {day}" if day else ""


async def _hand(engine: AsyncEngine, slug: str, handle: str, as_of: date | None, act: Any) -> Any:
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, slug)
        found = await member(connection, programme.id, handle)
        return await act(await byhand.hand(connection, programme, console.ACTOR, as_of), found.id)


def _by_hand(slug: str, handle: str, as_of: date | None, act: Callable[[Hand, int], Awaitable[Any]]) -> Any:
    async def work(engine: AsyncEngine, _settings: Settings) -> Any:
        return await _hand(engine, slug, handle, as_of, act)

    return console.run(work)


@standings.command()
def accept(slug: Slug, handle: Handle, note: Note = None, as_of: AsOf = None) -> None:
    """Accept the proposal that waits for a member."""
    if not _by_hand(slug, handle, as_of, lambda at, member_id: byhand.accept(at, member_id, note)):
        raise Conflict("the proposal lapsed: the evaluation before accepting would not make it any more")
    console.say(f"{handle}: accepted")


@standings.command()
def decline(slug: Slug, handle: Handle, note: Note = None, as_of: AsOf = None) -> None:
    """Decline the proposal that waits for a member."""
    _by_hand(slug, handle, as_of, lambda at, member_id: byhand.decline(at, member_id, note))
    console.say(f"{handle}: declined")


@standings.command()
def place(
    slug: Slug,
    handle: Handle,
    tier: Annotated[str, typer.Argument(metavar="TIER|none", help="The tier's key, or none.")],
    note: NeededNote,
    as_of: AsOf = None,
) -> None:
    """Move a member to a tier, or to none, by hand."""
    target = None if tier == "none" else tier
    _by_hand(slug, handle, as_of, lambda at, member_id: byhand.place(at, member_id, target, note))
    console.say(f"{handle}: {tier}")


@standings.command()
def lock(
    slug: Slug,
    handle: Handle,
    until: Annotated[
        date | None,
        typer.Option("--until", metavar="DATE", parser=read_day, help="The last day locked; else for good."),
    ] = None,
    note: Note = None,
) -> None:
    """Lock a member in the tier held.

    No step, no proposal, not at risk, until the lock ends.
    """
    _by_hand(slug, handle, None, lambda at, member_id: byhand.lock(at, member_id, until=until, note=note))
    console.say(f"{handle}: locked{f' until {until}' if until else ''}")


@standings.command()
def unlock(slug: Slug, handle: Handle, note: Note = None) -> None:
    """End a lock."""
    _by_hand(slug, handle, None, lambda at, member_id: byhand.unlock(at, member_id, note=note))
    console.say(f"{handle}: unlocked")


@members.command("import")
def import_(
    slug: Slug,
    files: Files,
    maps: Map = [],  # noqa: B006 - typer reads the default, nobody changes it
    constants: Set = [],  # noqa: B006
    date_format: DateFormat = None,
    source_timezone: SourceZone = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in members from files.

    The good rows go in, with the tiers and locks that they bring along; every bad one is listed.
    """
    columns = naming(maps, constants)

    async def work(engine: AsyncEngine, settings: Settings, file: str) -> Report:
        read_as = Source(file, settings.folder / "tmp", columns, date_format, source_timezone, strict, dry_run)
        return await import_members(engine, slug, read_as, byhand.bring_along, actor=console.ACTOR)

    refused = [tell(file, console.run(lambda e, s, file=file: work(e, s, file)), as_json) for file in files]  # type: ignore[misc]
    if any(refused):
        raise typer.Exit(1)
