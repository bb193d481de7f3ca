"""The rows of a file of members: laid out and checked by the form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from community.intake.files.layout import MEMBER_ALIASES, Columns, Naming
from community.intake.files.report import Report
from community.intake.files.rows import BadRow, Rows
from community.kit.cells import Finding
from community.members.forms import COMMON, MemberForm, MemberRow


class CheckedMember(NamedTuple):
    """A good row: the line where it begins, and the member."""

    line: int
    member: MemberRow


def member_columns(naming: Naming) -> Columns:
    """The columns that every member has; further ones are attributes. Raises UsageError as `Columns` does."""
    return Columns(COMMON, MEMBER_ALIASES, naming)


def checked_members(rows: Rows, columns: Columns, form: MemberForm, report: Report) -> Iterator[CheckedMember]:
    """The good rows of a file. Bad ones, warnings and the number of rows go to the report.

    Raises UsageError where two columns give one field, FileRefused where the file cannot be read on.
    """
    header = rows.header
    fixed = None if header is None else columns.layout_of_header(header)
    for row in rows:
        report.counts.rows += 1
        if isinstance(row, BadRow):
            report.refuse(row.line, [Finding("", row.value, row.message)])
            continue
        layout = fixed or columns.layout_of_keys(tuple(row.cells))
        found = form.check(layout.values(row.cells), layout.attributes(row.cells))
        if isinstance(found, list):
            report.refuse(row.line, [one._replace(column=layout.theirs(one.column)) for one in found])
            continue
        for warning in found.warnings:
            report.warn(row.line, warning._replace(column=layout.theirs(warning.column)))
        yield CheckedMember(row.line, found)
