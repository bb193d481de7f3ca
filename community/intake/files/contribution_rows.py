"""The rows of a file of contributions: laid out, checked by the form, told apart by id or by what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from community.contributions.forms import COMMON, Content, ContributionForms
from community.intake.files.layout import CONTRIBUTION_ALIASES, Columns, Layout, Naming
from community.intake.files.report import Report
from community.intake.files.rows import BadRow, Row, Rows
from community.kit.cells import Finding, finding
from community.kit.columns import Column, line_reader, read_columns
from community.kit.text import fold, handle_of
from community.programmes.book import Book

ID_CHARACTERS = 200
NAME_CHARACTERS = 200
_ANNOUNCED = 10_000
_OWNER = (
    Column("id", line_reader(ID_CHARACTERS)),
    Column("handle", handle_of, required=True),
    Column("member_name", line_reader(NAME_CHARACTERS)),
)


class ContributionRow(NamedTuple):
    """A good row: where it begins, the source's own id (None: it has none), whose it is, and what."""

    line: int
    external_id: str | None
    handle: str
    folded: str
    member_name: str | None
    content: Content

    @property
    def key(self) -> str | bytes:
        """The source's own id, or the digest of what tells rows without one apart: handle, type, day, url, title."""
        if self.external_id is not None:
            return self.external_id
        content = self.content
        parts = (self.folded, content.type, content.occurred_on.isoformat(), content.url or "", content.title)
        return blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def contribution_columns(book: Book, naming: Naming) -> Columns:
    """The columns that a file of contributions to this book may have. Raises UsageError as `Columns` does."""
    fields = [field.key for kind in book.contribution_types for field in kind.fields]
    reach_fields = {kind.reach_field for kind in book.contribution_types if kind.reach_field}
    return Columns(
        known=("id", "handle", "member_name", *COMMON, *fields),
        aliases=CONTRIBUTION_ALIASES,
        naming=naming,
        rivals=[frozenset(("reach", field)) for field in sorted(reach_fields)],
    )


def checked_contributions(
    rows: Rows, columns: Columns, forms: ContributionForms, report: Report
) -> Iterator[ContributionRow]:
    """The good rows of a file. Bad ones, warnings and the number of rows go to the report.

    Raises UsageError where two columns give one field, FileRefused where the file cannot be read on.
    """
    checker = _Checker(columns, forms, report)
    header = rows.header
    layout = None if header is None else checker.announced(columns.layout_of_header(header))
    for row in rows:
        report.counts.rows += 1
        if isinstance(row, BadRow):
            report.refuse(row.line, [Finding("", row.value, row.message)])
        elif (found := checker.check(row, layout or checker.layout_of(row))) is not None:
            yield found


class _Checker:
    def __init__(self, columns: Columns, forms: ContributionForms, report: Report) -> None:
        self._columns = columns
        self._forms = forms
        self._report = report
        self._announced: set[str] = set()
        self._foreign: dict[tuple[int, str], tuple[str, ...]] = {}

    def check(self, row: Row, layout: Layout) -> ContributionRow | None:
        """The row as checked; None for a bad one, which is reported with all that is wrong with it."""
        values = layout.values(row.cells)
        wrong: list[Finding] = []
        external_id, handle, member_name = read_columns(_OWNER, values, wrong, [])
        content = self._forms.check(values)
        if wrong or isinstance(content, list):
            problems = wrong + content if isinstance(content, list) else wrong
            self._report.refuse(row.line, [one._replace(column=layout.theirs(one.column)) for one in problems])
            return None
        for warning in content.warnings:
            self._report.warn(row.line, warning._replace(column=layout.theirs(warning.column)))
        for column in self._foreign_columns(layout, content.type):
            if values[column]:
                message = f"ignored where the type is {content.type}, which has no such field"
                self._report.warn(row.line, finding(layout.theirs(column), "", message))
        return ContributionRow(row.line, external_id, handle, fold(handle), member_name, content)

    def layout_of(self, row: Row) -> Layout:
        """The layout of a row that names its own columns."""
        return self.announced(self._columns.layout_of_keys(tuple(row.cells)))

    def announced(self, layout: Layout) -> Layout:
        """The layout, once its further columns were named in a warning, each of them once."""
        new = [name for name in layout.further if name not in self._announced]
        if new and len(self._announced) < _ANNOUNCED:
            self._announced.update(new)
            self._report.warn(None, Finding("", ", ".join(new), "no field of a contribution: ignored"))
        return layout

    def _foreign_columns(self, layout: Layout, type_key: str) -> tuple[str, ...]:
        """The columns of the layout that are fields of other types than this one."""
        key = (id(layout), type_key)
        found = self._foreign.get(key)
        if found is None:
            own = {*COMMON, "id", "handle", "member_name", *self._forms.fields(type_key)}
            found = tuple(name for name in layout.fields if name not in own)
            if len(self._foreign) < _ANNOUNCED:
                self._foreign[key] = found
        return found
