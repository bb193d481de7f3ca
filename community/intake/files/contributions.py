"""A file of contributions from end to end: read, checked, laid aside, then taken in member by member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, arrivals, take_in
from community.contributions.forms import ContributionForms
from community.intake.files.contribution_rows import ContributionRow, checked_contributions, contribution_columns
from community.intake.files.groups import GROUP, Outcome, Progress, Source, each_group, record, settle
from community.intake.files.reader import open_rows
from community.intake.files.report import Report
from community.intake.files.scratch import Laid, Scratch, scratch
from community.kit.cells import finding
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.members.actions import take_in as members
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow

NO_MEMBER = "no member of the programme has this handle; accepted: a handle that exists, or --create-members"


@dataclass(frozen=True)
class ContributionOptions:
    """What goes for contributions only: whose ids these are, type names, and whether to create and to approve."""

    source: str = "file"
    types: Mapping[str, str] = field(default_factory=dict)
    create_members: bool = False
    approve: bool = False


async def import_contributions(
    engine: AsyncEngine,
    slug: str,
    file: Source,
    options: ContributionOptions,
    *,
    actor: str,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Takes in a file of contributions; the report has every row in one of its counts, and all problems."""
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
    _known_types(programme, options.types)
    report = Report()
    with scratch(file.folder) as aside:
        forms = ContributionForms(programme.book, file.days(programme), programme.today, options.types)
        with open_rows(file.path) as rows:
            columns = contribution_columns(programme.book, file.naming)
            for row in checked_contributions(rows, columns, forms, report):
                aside.add(row.line, row.key, row.folded, _laid(row))
        settle(aside, report, "the same id")
        if file.strict and not options.create_members:
            await _refuse_unknown(engine, programme.id, aside, report)
        if file.strict and report.counts.refused:
            return report

        async with writing(engine) as connection:
            first = await arrivals(connection, programme.id, 0 if file.dry_run else aside.count)

        async def one(connection: AsyncConnection, group: Sequence[Laid]) -> Outcome:
            return await _take_in_group(connection, programme, group, options, first, actor)

        await each_group(engine, aside, file, one, report, progress)
        await record(engine, programme.id, file, actor, "contributions.imported", options.source, report)
    return report


def _known_types(programme: ProgrammeRow, types: Mapping[str, str]) -> None:
    keys = programme.book.types_by_key
    wrong = [key for key in types.values() if key not in keys]
    if wrong:
        raise UsageError(f"--type-map: no contribution type {', '.join(wrong)}; accepted: {', '.join(keys)}")


def _laid(row: ContributionRow) -> tuple[Any, ...]:
    content = row.content
    return (
        row.handle, row.member_name, content.type, content.title, content.url, content.occurred_on.toordinal(),
        content.language, content.description, content.fields,
    )  # fmt: skip


async def _refuse_unknown(engine: AsyncEngine, programme_id: int, aside: Scratch, report: Report) -> None:
    for group in aside.groups(GROUP):
        async with reading(engine) as connection:
            ids = await members.ids_of(connection, programme_id, sorted({row[0] for row in group}))
        for folded, _place, line, _id, payload in group:
            if folded not in ids:
                report.refuse(line, [finding("handle", payload[0], NO_MEMBER)])


async def _take_in_group(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    group: Sequence[Laid],
    options: ContributionOptions,
    first: int,
    actor: str,
) -> Outcome:
    """Takes in the rows of whole members; those of unknown members are refused. `first` is the file's first arrival."""
    outcome = Outcome()
    if options.create_members:
        await members.create_named(connection, programme.id, _named(group))
    ids = await members.ids_of(connection, programme.id, list(dict.fromkeys(row[0] for row in group)))
    incoming = []
    for folded, place, line, external_id, payload in group:
        member_id = ids.get(folded)
        if member_id is None:
            outcome.refused.append((line, [finding("handle", payload[0], NO_MEMBER)]))
            continue
        kind, title, url, day, language, description, fields = payload[2:]
        content = Content(kind, title, url, date.fromordinal(day), language, description, fields)
        incoming.append(Incoming(member_id, external_id, content, first + place))
    taken = await take_in(connection, programme, options.source, incoming, approve=options.approve, actor=actor)
    outcome.created, outcome.updated = taken.created, taken.updated
    outcome.unchanged, outcome.approved = taken.unchanged, taken.approved
    return outcome


def _named(group: Iterable[Laid]) -> dict[str, tuple[str, str, date]]:
    """Who the rows name: handle, name and first day, by folded handle. The first row that has a name gives it."""
    named: dict[str, tuple[str, str, date]] = {}
    for folded, _place, _line, _id, payload in group:
        day = date.fromordinal(payload[5])
        handle, name = payload[0], payload[1]
        known = named.get(folded)
        if known is None:
            named[folded] = (handle, name or "", day)
        else:
            named[folded] = (known[0], known[1] or name or "", min(known[2], day))
    return {folded: (handle, name or handle, day) for folded, (handle, name, day) in named.items()}
