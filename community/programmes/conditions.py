"""Conditions of bonuses and factors, and whether one holds (rulebook, section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Final

from pydantic import Discriminator, Field, Tag

from community.programmes.part import OneOfKeys, Part
from community.programmes.scalars import Bound, FieldKey, Scalar

TAGS: Final = {"is": "<is>", "in": "<in>", "min": "<range>", "max": "<range>"}
COMBINATIONS: Final = {"all": "<all>", "any": "<any>", "none": "<none>"}


class FieldIs(Part):
    """The field has that value."""

    field: FieldKey
    is_: Scalar = Field(alias="is")


class FieldIn(Part):
    """The field has one of those values."""

    field: FieldKey
    in_: tuple[Scalar, ...] = Field(alias="in", min_length=1)


class FieldRange(Part):
    """The field lies between the bounds, both included."""

    counts: ClassVar = (OneOfKeys(("min", "max"), most=2),)
    field: FieldKey
    min: Bound | None = None
    max: Bound | None = None


class AllOf(Part):
    """Every one of the conditions holds."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Part):
    """At least one of the conditions holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class NoneOf(Part):
    """None of the conditions holds."""

    none: tuple[Condition, ...] = Field(min_length=1)


def _tag(value: object) -> str | None:
    if isinstance(value, Mapping):
        keys = [key for key in value if isinstance(key, str)]
        for tags in (COMBINATIONS, TAGS):
            found = next((tags[key] for key in keys if key in tags), None)
            if found is not None:
                return found
        return None
    return TAG_OF.get(type(value))


TAG_OF: Final[dict[type, str]] = {
    FieldIs: "<is>",
    FieldIn: "<in>",
    FieldRange: "<range>",
    AllOf: "<all>",
    AnyOf: "<any>",
    NoneOf: "<none>",
}

CONDITION_ACCEPTED: Final = (
    "a condition: {field, is}, {field, in}, {field, min}, {field, max}, {all: […]}, {any: […]} or {none: […]}"
)
Condition = Annotated[
    Annotated[FieldIs, Tag("<is>")]
    | Annotated[FieldIn, Tag("<in>")]
    | Annotated[FieldRange, Tag("<range>")]
    | Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[NoneOf, Tag("<none>")],
    Discriminator(
        _tag,
        custom_error_type="accepted",
        custom_error_message=CONDITION_ACCEPTED,
    ),
]

for _model in (AllOf, AnyOf, NoneOf):
    _model.model_rebuild()


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether the condition holds for the values of a contribution; one on a missing value is false."""
    if isinstance(condition, AllOf):
        return all(holds(one, values) for one in condition.all)
    if isinstance(condition, AnyOf):
        return any(holds(one, values) for one in condition.any)
    if isinstance(condition, NoneOf):
        return not any(holds(one, values) for one in condition.none)
    value = values.get(condition.field)
    if value is None:
        return False
    if isinstance(condition, FieldIs):
        return _same(value, condition.is_)
    if isinstance(condition, FieldIn):
        return any(_same(value, one) for one in condition.in_)
    return _between(value, condition.min, condition.max)


def condition_fields(condition: Condition) -> Iterator[str]:
    """The names that the condition reads: fields, `language`, `has_url`."""
    for one in leaves(condition):
        yield one.field


def leaves(condition: Condition) -> Iterator[FieldIs | FieldIn | FieldRange]:
    """The conditions on one field that the condition is made of."""
    if isinstance(condition, FieldIs | FieldIn | FieldRange):
        yield condition
        return
    if isinstance(condition, AllOf):
        inner = condition.all
    elif isinstance(condition, AnyOf):
        inner = condition.any
    else:
        inner = condition.none
    for one in inner:
        yield from leaves(one)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(wanted, int | Decimal):
        return _number(value) == wanted
    return str(value) == str(wanted)


def _between(value: Any, low: Any, high: Any) -> bool:
    """A day is compared by its ISO text, which orders as days do."""
    if isinstance(value, bool):
        return False
    if isinstance(low, int | Decimal) or isinstance(high, int | Decimal):
        number = _number(value)
        return number is not None and (low is None or number >= low) and (high is None or number <= high)
    day = str(value)
    return (low is None or day >= low.isoformat()) and (high is None or day <= high.isoformat())


def _number(value: Any) -> Decimal | int | None:
    """A number as it is kept: whole, Decimal, or the text or float of a decimal."""
    if isinstance(value, int | Decimal):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
