"""Taking in the rows of a file group by group: whole members, a transaction each.

A file killed half way and started again ends as if run once; with `strict` the whole file is one transaction, and with
`dry_run` every transaction is taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.history.actions import Line, write
from community.intake.files.layout import Naming
from community.intake.files.report import Report
from community.intake.files.scratch import Laid, Scratch
from community.kit.cells import Finding, finding
from community.kit.days import DayReader
from community.kit.db import is_sqlite, retried, writing
from community.programmes.queries import ProgrammeRow

GROUP = 5_000
"""Rows taken in by one transaction, or a few more: members are never split."""
AT_ONCE = 2
"""Groups under way at once on PostgreSQL: while it writes one, the next is reckoned."""

Progress = Callable[[int, int], None]


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


@dataclass(slots=True)
class Outcome:
    """What became of a group's rows; `refused` are those found bad only now, by line."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    approved: int = 0
    refused: list[tuple[int, list[Finding]]] = field(default_factory=list)

    def tell(self, report: Report) -> None:
        """Adds it to the report, once its transaction ended well."""
        counts = report.counts
        counts.created += self.created
        counts.updated += self.updated
        counts.unchanged += self.unchanged
        counts.approved += self.approved
        for line, problems in self.refused:
            report.refuse(line, problems)


Work = Callable[[AsyncConnection, Sequence[Laid]], Awaitable[Outcome]]


class _TakenBack(Exception):  # no error: a dry run ends by rolling back
    """Takes a rehearsed transaction back."""


def settle(aside: Scratch, report: Report, what: str) -> None:
    """Of rows that are one (`what` they share) the last stays, with a warning for each of the others."""
    for superseded in sorted(aside.settle()):
        report.counts.superseded += 1
        message = f"superseded: line {superseded.by_line} has {what}, the later row holds"
        report.warn(superseded.line, finding("", superseded.key, message))


async def each_group(
    engine: AsyncEngine, aside: Scratch, file: Source, work: Work, report: Report, progress: Progress
) -> None:
    """Does the work for every group of rows laid aside, and tells the report what came of each."""
    groups = aside.groups(GROUP)
    done = 0

    def told(rows: int, outcome: Outcome) -> None:
        nonlocal done
        outcome.tell(report)
        done += rows
        progress(done, aside.count)

    async def worker() -> None:
        for group in groups:
            told(len(group), await _in_transaction(engine, group, work, file.dry_run))

    if file.strict:
        async with _transaction(engine, file.dry_run) as connection:
            outcomes = [(len(group), await work(connection, group)) for group in groups]
        for rows, outcome in outcomes:
            told(rows, outcome)
        return
    async with asyncio.TaskGroup() as tasks:
        for _ in range(1 if is_sqlite(engine) else AT_ONCE):
            tasks.create_task(worker())


async def _in_transaction(engine: AsyncEngine, group: Sequence[Laid], work: Work, dry_run: bool) -> Outcome:
    if not dry_run:
        return await retried(engine, lambda connection: work(connection, group))
    async with _transaction(engine, True) as connection:
        return await work(connection, group)


@asynccontextmanager
async def _transaction(engine: AsyncEngine, taken_back: bool) -> AsyncIterator[AsyncConnection]:
    try:
        async with writing(engine) as connection:
            yield connection
            if taken_back:
                raise _TakenBack
    except _TakenBack:
        return


async def record(
    engine: AsyncEngine, programme_id: int, file: Source, actor: str, verb: str, subject: str, report: Report
) -> None:
    """One record in history for the file, where it changed anything."""
    counts = report.counts
    if file.dry_run or not (counts.created or counts.updated or counts.approved):
        return
    data = {name: getattr(counts, name) for name in counts.__slots__}
    async with writing(engine) as connection:
        await write(connection, programme_id, actor, [Line(verb, subject=subject, data=data)])
