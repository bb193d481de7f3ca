"""A member's own file of contributions: CSV with the names of the fields in its first line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from community.contributions.actions.held import Content
from community.contributions.forms import ContributionForms
from community.contributions.portal.words import fault_words, label_words
from community.kit import i18n
from community.kit.cells import Finding
from community.kit.i18n import gettext as _
from community.kit.web.fields import is_storable
from community.members.place import Place

ROWS_AT_MOST = 500
CHARACTERS_AT_MOST = 300_000
NAMES = ("type", "title", "url", "occurred_on", "language", "description")
_ROW = UUID("5f0c2a51-7a43-4b5e-9a34-3c1a8b7f6d20")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its line, what it says if it is right, what is wrong with it if not."""

    line: int
    title: str
    content: Content | None = None
    price: int = 0
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> UUID:
        """The key of its report: the same row is the same contribution, in whatever file it comes again."""
        assert self.content is not None
        return uuid5(_ROW, repr(sorted(self.content.plain().items())))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as read; `fault` where it cannot be read as a whole, `ignored` the columns that say nothing to us."""

    rows: tuple[Row, ...] = ()
    ignored: tuple[str, ...] = ()
    fault: str = ""

    @property
    def good(self) -> list[Row]:
        """The rows that can be submitted, each once."""
        return list({row.key: row for row in self.rows if row.content is not None}.values())


def decoded(raw: bytes) -> str:
    """The text of a file; empty for what is no text in UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def read(text: str, place: Place, forms: ContributionForms) -> Sheet:
    """The rows of a file, each checked by the form of its type."""
    if not text.strip() or not is_storable(text) or len(text) > CHARACTERS_AT_MOST:
        number = i18n.number(CHARACTERS_AT_MOST)
        return Sheet(fault=_("a CSV file in UTF-8 of at most %(number)s characters") % {"number": number})
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        names = [name.strip().lower() for name in next(lines)]
        cells = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error:
        return Sheet(fault=_("a CSV file: a quote in it is opened and not closed"))
    if "title" not in names or len(set(names)) < len(names):
        return Sheet(fault=_("a first line with the names of the columns, title among them, each once"))
    if len(cells) > ROWS_AT_MOST:
        return Sheet(fault=_("at most %(number)s rows at once") % {"number": ROWS_AT_MOST})
    known = {*NAMES, *(field.key for kind in place.programme.book.contribution_types for field in kind.fields)}
    rows = tuple(_row(line, names, row, place, forms) for line, row in cells)
    return Sheet(rows, tuple(name for name in names if name and name not in known))


def _separator(text: str) -> str:
    """The separator that stands most often in the first line."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _row(line: int, names: list[str], cells: list[str], place: Place, forms: ContributionForms) -> Row:
    values = dict(zip(names, cells, strict=False))
    if len(place.programme.book.contribution_types) == 1:
        values.setdefault("type", place.programme.book.contribution_types[0].key)
    title = values.get("title", "")
    if len(cells) > len(names):
        return Row(line, title, faults=((_("Row"), _("as many cells as the first line has")),))
    found = forms.check(values)
    if isinstance(found, list):
        return Row(line, title, faults=tuple(_faults(found, values, place)))
    content = Content(*found[:7])
    return Row(line, title, content, content.price(place.programme.versions, place.programme.version))


def _faults(found: list[Finding], values: Mapping[str, str], place: Place) -> Iterator[tuple[str, str]]:
    kind = place.programme.book.types_by_key.get(values.get("type", "").strip())
    for one in found:
        words = fault_words(one, kind)
        if one.column == "type":
            words = i18n.listed(kind.key for kind in place.programme.book.contribution_types)
        yield label_words(one.column, kind, place.said)[0], words
