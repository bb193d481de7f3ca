"""Checks of contribution types: their fields, and what bonuses and factors read (rulebook, sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from community.programmes.book import AllOf, AnyOf, Bonus, Condition, ContributionField, ContributionType
from community.programmes.checks.known import Known, among, keys_in, unique
from community.programmes.conditions import FieldIn, FieldIs, FieldRange
from community.programmes.document import Finding, Path
from community.programmes.scalars import ISO_DAY

RESERVED: Final = frozenset(
    {
        *("id", "handle", "member_handle", "member_name", "contribution_id", "source", "type", "title", "url", "date"),
        *("occurred_on", "language", "description", "reach", "has_url"),
    }
)
NUMERIC: Final = ("integer", "decimal")
BUILT_IN: Final = {"language": "text", "has_url": "boolean"}
"""What conditions may name besides the fields of the type, and of what kind it is."""
_BOUNDED: Final = {"integer": "a whole number", "decimal": "a number with at most 3 places", "date": "a day"}


def check_types(known: Known) -> Iterator[Finding]:
    """Every type by itself, and their keys."""
    yield from unique(("contribution_types",), known.book.contribution_types)
    for index, one in enumerate(known.book.contribution_types):
        path: Path = ("contribution_types", index)
        yield from _fields(path, one)
        document_path = known.readable.path((*path, "fields"))
        named = tuple(keys_in(known.readable.document.at(document_path)))
        yield from _points(path, one, named)


def _fields(path: Path, one: ContributionType) -> Iterator[Finding]:
    yield from unique((*path, "fields"), one.fields)
    reaching = 0
    for index, field in enumerate(one.fields):
        here = (*path, "fields", index)
        if field.key in RESERVED:
            accepted = f"a key other than {', '.join(sorted(RESERVED))}"
            yield Finding((*here, "key"), "", accepted, "reserved")
        reaching += field.reach
        if field.reach and field.type != "integer":
            yield Finding((*here, "reach"), f"`reach: true` on a field of type {field.type}", "an integer field")
        elif field.reach and reaching > 1:
            yield Finding((*here, "reach"), "a second field with `reach: true`", "at most one in a type", "reach")
        yield from _choices(here, field)
        yield from _bounds(here, field)


def _choices(path: Path, field: ContributionField) -> Iterator[Finding]:
    if field.type == "choice":
        if field.choices is None:
            yield Finding((*path, "choices"), f"no `choices` for the field `{field.key}`", "a list of choices")
        else:
            yield from unique((*path, "choices"), field.choices)
    elif field.choices is not None:
        yield Finding((*path, "choices"), f"`choices` for a field of type {field.type}", "no `choices`, or type choice")


def _bounds(path: Path, field: ContributionField) -> Iterator[Finding]:
    given = {name: value for name, value in (("min", field.min), ("max", field.max)) if value is not None}
    for name, value in given.items():
        accepted = _bound_accepted(field.type, name)
        if accepted is None:
            yield Finding((*path, name), f"`{name}` for a field of type {field.type}", f"no `{name}`")
        elif not _bound_fits(field.type, value):
            yield Finding((*path, name), "", accepted)
    if field.type in _BOUNDED and all(_bound_fits(field.type, value) for value in given.values()):
        yield from _order(path, field.min, field.max)


def _bound_accepted(kind: str, name: str) -> str | None:
    if kind == "text" and name == "max":
        return "the most characters: a whole number, at least 1"
    return _BOUNDED.get(kind)


def _bound_fits(kind: str, value: Any) -> bool:
    if kind == "date":
        return isinstance(value, date)
    if kind == "decimal":
        return isinstance(value, int | Decimal)
    return isinstance(value, int) and (kind == "integer" or value >= 1)


def _order(path: Path, low: Any, high: Any) -> Iterator[Finding]:
    if low is not None and high is not None and low > high:
        yield Finding((*path, "max"), f"`max` {high} below `min` {low}", "a `max` of at least `min`", "order")


def _points(path: Path, one: ContributionType, named: tuple[str, ...]) -> Iterator[Finding]:
    reader = _Reader(one, named)
    for index, bonus in enumerate(one.points.bonuses):
        yield from _bonus((*path, "points", "bonuses", index), bonus, reader)
    for index, factor in enumerate(one.points.factors):
        yield from reader.condition((*path, "points", "factors", index, "when"), factor.when)


def _bonus(path: Path, bonus: Bonus, reader: _Reader) -> Iterator[Finding]:
    if bonus.when is not None:
        for name in ("every", "at_most"):
            if getattr(bonus, name) is not None:
                yield Finding((*path, name), f"`{name}` beside `when`", f"`{name}` beside `per` only")
        yield from reader.condition((*path, "when"), bonus.when)
    elif bonus.per is not None:
        if bonus.every is None:
            yield Finding((*path, "every"), "no `every`", "an `every`: for how many of the field the points are given")
        yield from reader.number((*path, "per"), bonus.per)


class _Reader:
    """Checks what the points of a type read; `named` are the keys of its fields, the broken ones too."""

    def __init__(self, one: ContributionType, named: tuple[str, ...]) -> None:
        self.fields = one.fields_by_key
        self.named = named

    def number(self, path: Path, key: str) -> Iterator[Finding]:
        """A numeric field of the type."""
        field = self.fields.get(key)
        if field is None:
            if key not in self.named:
                numeric = [one.key for one in self.fields.values() if one.type in NUMERIC]
                yield Finding(path, "", among(key, numeric, "integer and decimal fields"), "reference")
        elif field.type not in NUMERIC:
            yield Finding(path, f"the field `{key}` of type {field.type}", "an integer or decimal field", "condition")

    def condition(self, path: Path, condition: Condition) -> Iterator[Finding]:
        """Every name is known, every value one that the field can have."""
        if isinstance(condition, FieldIs | FieldIn | FieldRange):
            yield from self._leaf(path, condition)
            return
        if isinstance(condition, AllOf):
            name, inner = "all", condition.all
        elif isinstance(condition, AnyOf):
            name, inner = "any", condition.any
        else:
            name, inner = "none", condition.none
        for index, one in enumerate(inner):
            yield from self.condition((*path, name, index), one)

    def _leaf(self, path: Path, leaf: FieldIs | FieldIn | FieldRange) -> Iterator[Finding]:
        field = self.fields.get(leaf.field)
        kind = BUILT_IN.get(leaf.field) or (field.type if field else None)
        if kind is None:
            if leaf.field not in self.named:
                known = (*self.fields, *BUILT_IN)
                yield Finding((*path, "field"), "", among(leaf.field, known, "fields"), "reference")
        elif isinstance(leaf, FieldRange):
            yield from _range(path, leaf, kind)
        elif isinstance(leaf, FieldIs):
            yield from _value((*path, "is"), leaf.is_, kind, field)
        else:
            for index, value in enumerate(leaf.in_):
                yield from _value((*path, "in", index), value, kind, field)


def _range(path: Path, leaf: FieldRange, kind: str) -> Iterator[Finding]:
    wrong = False
    for name, value in (("min", leaf.min), ("max", leaf.max)):
        if value is None:
            continue
        if kind not in _BOUNDED:
            wrong = True
            found = f"`{name}` on `{leaf.field}`, which is of type {kind}"
            yield Finding((*path, name), found, "`is` or `in`; bounds go with numbers and dates", "condition")
        elif isinstance(value, date) != (kind == "date"):
            wrong = True
            yield Finding((*path, name), "", _BOUNDED["date" if kind == "date" else "decimal"], "condition")
    if not wrong:
        yield from _order(path, leaf.min, leaf.max)


def _value(path: Path, value: Any, kind: str, field: ContributionField | None) -> Iterator[Finding]:
    accepted = _value_accepted(value, kind, field)
    if accepted is not None:
        yield Finding(path, "", accepted, "condition")


def _value_accepted(value: Any, kind: str, field: ContributionField | None) -> str | None:
    """What would be accepted in place of the value; None where it is fine."""
    if kind == "boolean":
        return None if isinstance(value, bool) else "true or false"
    if kind in NUMERIC:
        whole = isinstance(value, int) or (isinstance(value, Decimal) and value == value.to_integral_value())
        fits = not isinstance(value, bool | str) and (kind == "decimal" or whole)
        return None if fits else _BOUNDED[kind]
    if kind == "choice" and field is not None:
        known = [choice.key for choice in field.choices or ()]
        return None if value in known else among(str(value), known, "choices")
    if kind == "date":
        return None if isinstance(value, str) and _is_day(value) else "a day such as 2026-01-31"
    return None if isinstance(value, str) else "a text"


def _is_day(text: str) -> bool:
    if not ISO_DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
