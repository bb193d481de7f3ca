"""A file of members from end to end: read, checked, laid aside, then taken in group by group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.intake.files.groups import Outcome, Progress, Source, each_group, record, settle
from community.intake.files.member_rows import checked_members, member_columns
from community.intake.files.reader import open_rows
from community.intake.files.report import Report
from community.intake.files.scratch import Laid, scratch
from community.kit.db import reading
from community.members.actions import take_in as members
from community.members.forms import Lock, MemberForm, MemberRow
from community.members.models import Status
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow

TakeOver = Callable[[AsyncConnection, ProgrammeRow, Sequence[tuple[int, MemberRow]]], Awaitable[set[int]]]
"""Takes over tiers and locks of members (id, row) that bring some along; answers whose standing changed."""


async def import_members(
    engine: AsyncEngine,
    slug: str,
    file: Source,
    take_over: TakeOver,
    *,
    actor: str,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Takes in a file of members; `take_over` is given those who bring a tier or a lock along."""
    async with reading(engine) as connection:
        programme = await programmes.programme(connection, slug)
    report = Report()
    with scratch(file.folder) as aside:
        form = MemberForm(tuple(programme.book.levels_by_key), file.days(programme), programme.today)
        with open_rows(file.path) as rows:
            for line, row in checked_members(rows, member_columns(file.naming), form, report):
                aside.add(line, row.folded, row.folded, _laid(row))
        settle(aside, report, "the same handle")
        if file.strict and report.counts.refused:
            return report

        async def one(connection: AsyncConnection, group: Sequence[Laid]) -> Outcome:
            return await _take_in_group(connection, programme, group, take_over)

        await each_group(engine, aside, file, one, report, progress)
        await record(engine, programme.id, file, actor, "members.imported", "file", report)
    return report


def _laid(row: MemberRow) -> tuple[Any, ...]:
    days = (row.joined_on, row.return_on, row.left_on, row.tier_since, row.lock.until if row.lock else None)
    return (
        row.handle, row.name, row.email, row.country, row.status.value if row.status else None, row.on_boards, row.tier,
        row.lock.locked if row.lock else None, row.attributes, *(day and day.toordinal() for day in days),
    )  # fmt: skip


def _member(laid: Laid) -> MemberRow:
    handle, name, email, country, status, on_boards, tier, locked, attributes, *ordinals = laid[4]
    joined_on, return_on, left_on, tier_since, until = (day and date.fromordinal(day) for day in ordinals)
    lock = None if locked is None else Lock(locked, until)
    return MemberRow(
        handle, laid[0], name, email, country, joined_on, Status(status) if status else None, return_on, left_on,
        on_boards, tier, tier_since, lock, attributes,
    )  # fmt: skip


async def _take_in_group(
    connection: AsyncConnection, programme: ProgrammeRow, group: Sequence[Laid], take_over: TakeOver
) -> Outcome:
    rows = [_member(row) for row in group]
    taken = await members.take_in(connection, programme.id, rows, today=programme.today)
    bringing = [(taken.ids[row.folded], row) for row in rows if row.tier is not None or row.lock is not None]
    moved = await take_over(connection, programme, bringing) if bringing else set()
    also = sum(taken.ids[row.folded] in moved and row.folded not in taken.changed for row in rows)
    return Outcome(taken.created, taken.updated + also, taken.unchanged - also)
