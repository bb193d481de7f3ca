"""What a contribution must be, wherever it comes from: page, API, command line or file (rulebook, sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from community.kit.cells import Finding, boolean_of, decimal_of, finding, text_of, whole_number_of
from community.kit.columns import Column, block_reader, country_column, language_column, line_reader, read_columns
from community.kit.days import DayReader, not_after
from community.kit.text import excerpt
from community.kit.urls import normalise_url
from community.programmes.book import Book, ContributionField, ContributionType
from community.programmes.scalars import plain_number

TITLE_CHARACTERS = 500
DESCRIPTION_CHARACTERS = 100_000
FIELD_TEXT_CHARACTERS = 500
COMMON = ("type", "title", "url", "occurred_on", "language", "description", "reach")
"""What every contribution may have, beside the fields of its type."""


class Content(NamedTuple):
    """A contribution as checked.

    `fields` holds what was given, as JSON keeps it: numbers, true and false as such; days as YYYY-MM-DD; choices by
    key; countries by code. A decimal has at most 15 digits, which JSON's numbers hold exactly.
    """

    type: str
    title: str
    url: str | None
    occurred_on: date
    language: str | None
    description: str | None
    fields: dict[str, Any]
    warnings: tuple[Finding, ...] = ()


class ContributionForms:
    """The forms of all types of one book, for one programme's days.

    `days` reads dates, `today` is the last day that a contribution may have occurred on, `renamed` maps the type names
    of a source to keys of the book.
    """

    def __init__(self, book: Book, days: DayReader, today: date, renamed: Mapping[str, str] | None = None) -> None:
        self._forms = {kind.key: ContributionForm(kind, days, today) for kind in book.contribution_types}
        self._unknown = ContributionForm(None, days, today)
        self._renamed = renamed or {}

    def check(self, values: Mapping[str, object]) -> Content | list[Finding]:
        """The contribution, or all that is wrong with it."""
        try:
            name = text_of(values.get("type")).strip()
        except ValueError as error:
            return [finding("type", values.get("type"), error), *self._unknown.problems(values)]
        key = self._renamed.get(name, name)
        form = self._forms.get(key)
        if form is not None:
            return form.check(values)
        return [finding("type", name, self._accepted_types(key)), *self._unknown.problems(values)]

    def form(self, type_key: str) -> ContributionForm | None:
        """The form of a type of the book; None for a type that the book lacks."""
        return self._forms.get(type_key)

    def fields(self, type_key: str) -> tuple[str, ...]:
        """The keys of a type's own fields; KeyError for a type that the book lacks."""
        return self._forms[type_key].fields

    def _accepted_types(self, key: str) -> str:
        if not key:
            return f"required; accepted: {_listed(self._forms)}"
        near = get_close_matches(key[:80], list(self._forms), n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"no such contribution type{meant}; accepted: {_listed(self._forms)}"


class ContributionForm:
    """The form of one contribution type; without a type, of what all types have in common."""

    def __init__(self, kind: ContributionType | None, days: DayReader, today: date) -> None:
        self._key = kind.key if kind else ""
        self._today = today
        self._reach_field = kind.reach_field if kind else None
        self.fields = tuple(field.key for field in kind.fields) if kind else ()
        evidence = kind.evidence if kind else "optional"
        self._columns = [
            Column("title", line_reader(TITLE_CHARACTERS), required=True),
            Column("url", _no_link if evidence == "none" else normalise_url, required=evidence == "required"),
            Column("occurred_on", lambda text: not_after(days.read(text), today), required=True),
            language_column("language"),
            Column("description", block_reader(DESCRIPTION_CHARACTERS)),
            *(_field_column(field, days) for field in (kind.fields if kind else ())),
        ]

    def check(self, values: Mapping[str, object]) -> Content | list[Finding]:
        """The contribution, or all that is wrong with it. `reach` stands for the field marked `reach: true`."""
        wrong: list[Finding] = []
        warned: list[Finding] = []
        as_reach = bool(values.get("reach")) and self._by_reach(values, wrong)
        if as_reach:
            values = {**values, str(self._reach_field): values["reach"]}
        found = read_columns(self._columns, values, wrong, warned)
        if wrong:
            return [_named_reach(one, self._reach_field) for one in wrong] if as_reach else wrong
        fields = {key: value for key, value in zip(self.fields, found[5:], strict=True) if value is not None}
        title, url, occurred_on, language, description = found[:5]
        return Content(self._key, title, url, occurred_on, language, description, fields, tuple(warned))

    def problems(self, values: Mapping[str, object]) -> list[Finding]:
        """What is wrong with a contribution whatever its type."""
        wrong: list[Finding] = []
        read_columns(self._columns, values, wrong, [])
        return wrong

    def so_far(self, values: Mapping[str, object]) -> Content:
        """What can be read of one that is still being written: what is wrong is left out, the day is then today."""
        title, url, occurred_on, language, description, *found = read_columns(self._columns, values, [], [])
        fields = {key: value for key, value in zip(self.fields, found, strict=True) if value is not None}
        return Content(self._key, title or "", url, occurred_on or self._today, language, description, fields)

    def _by_reach(self, values: Mapping[str, object], wrong: list[Finding]) -> bool:
        """Whether the `reach` given stands for the type's reach field; if it cannot, that is a problem."""
        given = values["reach"]
        if isinstance(given, str) and not given.strip():
            return False
        if self._reach_field is None:
            wrong.append(finding("reach", given, f"accepted: nothing, as the type {self._key} has no reach"))
        elif _given(values.get(self._reach_field)):
            wrong.append(finding("reach", given, f"accepted: either reach or {self._reach_field}, not both"))
        else:
            return True
        return False


def _given(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _named_reach(problem: Finding, reach_field: str | None) -> Finding:
    return problem._replace(column="reach") if problem.column == reach_field else problem


def _no_link(_text: str) -> str:
    raise ValueError("accepted: nothing, as this type takes no link")


def _field_column(field: ContributionField, days: DayReader) -> Column:
    """The column of one field of a type (rulebook, section 1)."""
    if field.type == "country":
        return country_column(field.key, field.required)
    return Column(field.key, _field_reader(field, days), field.required)


def _field_reader(field: ContributionField, days: DayReader) -> Callable[[str], Any]:
    match field.type:
        case "integer":
            return _bounded(field, whole_number_of)
        case "decimal":
            exact = _bounded(field, decimal_of)
            return lambda text: plain_number(exact(text))
        case "date":
            day = _bounded(field, days.read)
            return lambda text: day(text).isoformat()
        case "boolean":
            return boolean_of
        case "choice":
            return _choice_reader(field)
        case _:
            most = field.max
            return block_reader(most if isinstance(most, int) else FIELD_TEXT_CHARACTERS)


def _bounded(field: ContributionField, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """`read`, and then whether the value lies between the field's bounds, both included."""
    low, high = field.min, field.max
    if low is None and high is None:
        return read
    wanted = _bounds_in_words(low, high)

    def bounded(text: str) -> Any:
        value = read(text)
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"accepted: {wanted}")
        return value

    return bounded


def _bounds_in_words(low: int | Decimal | date | None, high: int | Decimal | date | None) -> str:
    if high is None:
        return f"from {low}"
    return f"up to {high}" if low is None else f"from {low} to {high}"


def _choice_reader(field: ContributionField) -> Callable[[str], str]:
    keys = frozenset(choice.key for choice in field.choices or ())
    listed = _listed([choice.key for choice in field.choices or ()])

    def read(text: str) -> str:
        if text not in keys:
            raise ValueError(f"accepted: {listed}")
        return text

    return read


def _listed(keys: Mapping[str, object] | list[str]) -> str:
    """The first 20 keys of a list, for a message."""
    names = [excerpt(key) for key in keys]
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
