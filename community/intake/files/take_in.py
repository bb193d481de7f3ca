"""A file from end to end: read, checked, laid aside, then taken in member by member.

Each group of whole members is one transaction, so a file killed half way and started again ends as if run once; with
`strict` the whole file is one, and with `dry_run` every transaction is taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, take_in
from community.contributions.forms import ContributionForms
from community.history.actions import Line, write
from community.intake.files.contribution_rows import ContributionRow, checked_contributions, contribution_columns
from community.intake.files.layout import Naming
from community.intake.files.member_rows import checked_members, member_columns
from community.intake.files.reader import open_rows
from community.intake.files.report import Report
from community.intake.files.scratch import Laid, Scratch, scratch
from community.kit.cells import Finding, finding
from community.kit.days import DayReader
from community.kit.db import is_sqlite, reading, retried, writing
from community.kit.errors import UsageError
from community.members.actions import take_in as members
from community.members.forms import Lock, MemberForm, MemberRow
from community.members.models import Status
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow

GROUP = 5_000
"""Rows taken in by one transaction, or a few more: members are never split."""
AT_ONCE = 2
"""Groups under way at once on PostgreSQL: while it writes one, the next is reckoned."""

NO_MEMBER = "no member of the programme has this handle; accepted: a handle that exists, or --create-members"
Progress = Callable[[int, int], None]
Brought = Sequence[tuple[int, MemberRow]]
TakeOver = Callable[[AsyncConnection, ProgrammeRow, Brought], Awaitable[set[int]]]
"""Takes over tiers and locks of members (id, row) that bring some along; answers whose standing changed."""


@dataclass(frozen=True)
class Source:
    """A file and how it is to be read. `folder` takes scratch files."""

    path: str
    folder: Path
    naming: Naming = field(default_factory=Naming)
    date_format: str | None = None
    zone: str | None = None
    strict: bool = False
    dry_run: bool = False

    def days(self, programme: ProgrammeRow) -> DayReader:
        """Reads the days of the file for the programme."""
        return DayReader(programme.book.programme.timezone, self.zone, self.date_format)


@dataclass(frozen=True)
class ContributionOptions:
    """What goes for contributions only."""

    source: str = "file"
    types: Mapping[str, str] = field(default_factory=dict)
    create_members: bool = False
    approve: bool = False


class _TakenBack(Exception):  # noqa: N818 - no error: a dry run ends by rolling back
    """Takes a rehearsed transaction back."""


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
                aside.add(row.line, row.key, row.folded, _laid_contribution(row))
        _settle(aside, report, "the same id")
        if file.strict and not options.create_members:
            await _refuse_unknown(engine, programme.id, aside, report)
        if file.strict and report.counts.refused:
            return report
        await _take_in_groups(engine, programme, aside, file, options, report, actor, progress)
    return report


def _known_types(programme: ProgrammeRow, types: Mapping[str, str]) -> None:
    keys = programme.book.types_by_key
    wrong = [key for key in types.values() if key not in keys]
    if wrong:
        raise UsageError(f"--type-map: no contribution type {', '.join(wrong)}; accepted: {', '.join(keys)}")


def _laid_contribution(row: ContributionRow) -> tuple[Any, ...]:
    content = row.content
    return (
        row.handle, row.member_name, content.type, content.title, content.url, content.occurred_on.toordinal(),
        content.language, content.description, content.fields,
    )  # fmt: skip


def _settle(aside: Scratch, report: Report, what: str) -> None:
    for superseded in sorted(aside.settle()):
        report.counts.superseded += 1
        message = f"superseded: line {superseded.by_line} has {what}, the later row holds"
        report.warn(superseded.line, finding("", superseded.key, message))


async def _refuse_unknown(engine: AsyncEngine, programme_id: int, aside: Scratch, report: Report) -> None:
    for group in aside.groups(GROUP):
        async with reading(engine) as connection:
            ids = await members.ids_of(connection, programme_id, sorted({row[0] for row in group}))
        for folded, _place, line, _id, payload in group:
            if folded not in ids:
                report.refuse(line, [finding("handle", payload[0], NO_MEMBER)])


async def _take_in_groups(
    engine: AsyncEngine,
    programme: ProgrammeRow,
    aside: Scratch,
    file: Source,
    options: ContributionOptions,
    report: Report,
    actor: str,
    progress: Progress,
) -> None:
    done = 0

    async def one(connection: AsyncConnection, group: Sequence[Laid]) -> list[tuple[int, list[Finding]]]:
        nonlocal done
        refused = await _take_in_group(connection, programme, group, options, report, actor)
        done += len(group)
        progress(done, aside.count)
        return refused

    await _each_group(engine, aside.groups(GROUP), file, one, report)
    await _record(engine, programme.id, file, actor, "contributions.imported", options.source, report)


async def _take_in_group(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    group: Sequence[Laid],
    options: ContributionOptions,
    report: Report,
    actor: str,
) -> list[tuple[int, list[Finding]]]:
    """Takes in the rows of whole members; answers those refused, and adds to the counts once it went well."""
    if options.create_members:
        await members.create_named(connection, programme.id, _named(group))
    ids = await members.ids_of(connection, programme.id, list(dict.fromkeys(row[0] for row in group)))
    incoming, refused = [], []
    for folded, _place, line, external_id, payload in group:
        member_id = ids.get(folded)
        if member_id is None:
            refused.append((line, [finding("handle", payload[0], NO_MEMBER)]))
            continue
        kind, title, url, day, language, description, fields = payload[2:]
        content = Content(kind, title, url, date.fromordinal(day), language, description, fields)
        incoming.append(Incoming(member_id, external_id, content, line))
    taken = await take_in(connection, programme, options.source, incoming, approve=options.approve, actor=actor)
    counts = report.counts
    counts.created += taken.created
    counts.updated += taken.updated
    counts.unchanged += taken.unchanged
    counts.approved += taken.approved
    return refused


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


async def import_members(engine: AsyncEngine, slug: str, file: Source, take_over: TakeOver, *, actor: str) -> Report:
    """Takes in a file of members; `take_over` is given those who bring a tier or a lock along."""
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
    report = Report()
    with scratch(file.folder) as aside:
        form = MemberForm(tuple(programme.book.levels_by_key), file.days(programme), programme.today)
        with open_rows(file.path) as rows:
            for line, row in checked_members(rows, member_columns(file.naming), form, report):
                aside.add(line, row.folded, row.folded, _laid_member(row))
        _settle(aside, report, "the same handle")
        if file.strict and report.counts.refused:
            return report

        async def one(connection: AsyncConnection, group: Sequence[Laid]) -> list[tuple[int, list[Finding]]]:
            await _take_in_members(connection, programme, group, take_over, report)
            return []

        await _each_group(engine, aside.groups(GROUP), file, one, report)
        await _record(engine, programme.id, file, actor, "members.imported", "file", report)
    return report


def _laid_member(row: MemberRow) -> tuple[Any, ...]:
    days = (row.joined_on, row.return_on, row.left_on, row.tier_since, row.lock.until if row.lock else None)
    return (
        row.handle, row.name, row.email, row.country, row.status.value if row.status else None, row.on_boards, row.tier,
        row.lock.locked if row.lock else None, row.attributes, *(day and day.toordinal() for day in days),
    )  # fmt: skip


async def _take_in_members(
    connection: AsyncConnection, programme: ProgrammeRow, group: Sequence[Laid], take_over: TakeOver, report: Report
) -> None:
    rows = [_member(row) for row in group]
    taken = await members.take_in(connection, programme.id, rows, today=programme.today)
    bringing = [(taken.ids[row.folded], row) for row in rows if row.tier is not None or row.lock is not None]
    moved = await take_over(connection, programme, bringing) if bringing else set()
    also = sum(taken.ids[row.folded] in moved and row.folded not in taken.changed for row in rows)
    report.counts.created += taken.created
    report.counts.updated += taken.updated + also
    report.counts.unchanged += taken.unchanged - also


def _member(laid: Laid) -> MemberRow:
    handle, name, email, country, status, on_boards, tier, locked, attributes, *ordinals = laid[4]
    joined_on, return_on, left_on, tier_since, until = (day and date.fromordinal(day) for day in ordinals)
    lock = None if locked is None else Lock(locked, until)
    return MemberRow(
        handle, laid[0], name, email, country, joined_on, Status(status) if status else None, return_on, left_on,
        on_boards, tier, tier_since, lock, attributes,
    )  # fmt: skip


Work = Callable[[AsyncConnection, Sequence[Laid]], Awaitable[list[tuple[int, list[Finding]]]]]


async def _each_group(
    engine: AsyncEngine, groups: Iterator[list[Laid]], file: Source, work: Work, report: Report
) -> None:
    """Does the work for every group: a transaction each, or one for all with `strict`; dry runs are taken back."""
    if file.strict:
        async with _transaction(engine, file.dry_run) as connection:
            for group in groups:
                _refuse(report, await work(connection, group))
        return

    async def worker() -> None:
        for group in groups:
            if file.dry_run:
                async with _transaction(engine, True) as connection:
                    refused = await work(connection, group)
            else:
                refused = await retried(engine, lambda connection, group=group: work(connection, group))  # type: ignore[misc]
            _refuse(report, refused)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(1 if is_sqlite(engine) else AT_ONCE):
            tasks.create_task(worker())


def _refuse(report: Report, refused: Iterable[tuple[int, list[Finding]]]) -> None:
    for line, problems in refused:
        report.refuse(line, problems)


@asynccontextmanager
async def _transaction(engine: AsyncEngine, taken_back: bool) -> AsyncIterator[AsyncConnection]:
    try:
        async with writing(engine) as connection:
            yield connection
            if taken_back:
                raise _TakenBack
    except _TakenBack:
        return


async def _record(
    engine: AsyncEngine, programme_id: int, file: Source, actor: str, verb: str, subject: str, report: Report
) -> None:
    """One record for the file, where it changed anything."""
    counts = report.counts
    if file.dry_run or not (counts.created or counts.updated or counts.approved):
        return
    data = {name: getattr(counts, name) for name in counts.__slots__}
    async with writing(engine) as connection:
        await write(connection, programme_id, actor, [Line(verb, subject=subject, data=data)])
