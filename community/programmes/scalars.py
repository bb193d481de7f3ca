"""What the parts of a book are made of: numbers, keys, texts (rulebook, section 1).

Numbers are exact. One with a fraction is a Decimal of at most 15 digits, so that a JSON number carries it exactly,
there and back; a book can therefore be kept as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final

from pydantic import (
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from community.programmes.part import refusal

MOST_POINTS: Final = 1_000_000
MOST_DAYS: Final = 36_500
LARGEST: Final = 10**12
"""The largest bound of a requirement: with three places 15 digits, which a JSON number still carries exactly."""
ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_exact(value: object, *, low: Decimal, high: Decimal, places: int, accepted: str) -> Decimal:
    """A number of the book, exactly: int or Decimal, or the float of a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refusal(accepted)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or not low <= number <= high or number != round(number, places):
        raise refusal(accepted)
    return number


def plain_number(number: Decimal) -> int | float:
    """The JSON number of a Decimal, exact for at most 15 digits."""
    return int(number) if number == number.to_integral_value() else float(number)


def _exact(low: str, high: str, places: int, accepted: str) -> PlainValidator:
    return PlainValidator(partial(read_exact, low=Decimal(low), high=Decimal(high), places=places, accepted=accepted))


def _number_schema(**limits: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "number", **limits})


_AS_JSON_NUMBER = PlainSerializer(plain_number, return_type=int | float, when_used="json")

Number = Annotated[
    Decimal,
    _exact(str(-LARGEST), str(LARGEST), 3, "a number with at most 3 places, at most 1 000 000 000 000 in size"),
    _AS_JSON_NUMBER,
    _number_schema(minimum=-LARGEST, maximum=LARGEST),
]
Times = Annotated[
    Decimal,
    _exact("0", "100", 3, "a number from 0 to 100 with at most 3 places"),
    _AS_JSON_NUMBER,
    _number_schema(minimum=0, maximum=100),
]
Share = Annotated[
    Decimal,
    _exact("0.000001", "1", 6, "a number above 0 and at most 1, with at most 6 places"),
    _AS_JSON_NUMBER,
    _number_schema(exclusiveMinimum=0, maximum=1),
]
Money = Annotated[
    Decimal,
    _exact("0", str(LARGEST), 3, "an amount of 0 or more with at most 3 places"),
    _AS_JSON_NUMBER,
    _number_schema(minimum=0, maximum=LARGEST),
]


def _read_whole(value: object, *, low: int, high: int, accepted: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise refusal(accepted)


def whole(low: int, high: int) -> PlainValidator:
    """The check of a whole number from `low` to `high`."""
    accepted = f"a whole number from {grouped(low)} to {grouped(high)}"
    return PlainValidator(partial(_read_whole, low=low, high=high, accepted=accepted))


def _read_one_of(value: object, *, numbers: tuple[int, ...], accepted: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in numbers:
        return value
    raise refusal(accepted)


def one_of(*numbers: int) -> PlainValidator:
    """The check of a number that is one of a few."""
    *most, last = map(str, numbers)
    accepted = f"{', '.join(most)} or {last}" if most else last
    return PlainValidator(partial(_read_one_of, numbers=numbers, accepted=accepted))


def grouped(number: int) -> str:
    """`1 000 000`."""
    return f"{number:,}".replace(",", " ")


def whole_schema(low: int, high: int) -> WithJsonSchema:
    """The same as JSON Schema."""
    return WithJsonSchema({"type": "integer", "minimum": low, "maximum": high})


SignedPoints = Annotated[int, whole(-MOST_POINTS, MOST_POINTS), whole_schema(-MOST_POINTS, MOST_POINTS)]
UpToMillion = Annotated[int, whole(0, MOST_POINTS), whole_schema(0, MOST_POINTS)]
AtLeastOne = Annotated[int, whole(1, MOST_POINTS), whole_schema(1, MOST_POINTS)]
Days = Annotated[int, whole(0, MOST_DAYS), whole_schema(0, MOST_DAYS)]


def _read_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise refusal("true or false")


Flag = Annotated[bool, PlainValidator(_read_flag), WithJsonSchema({"type": "boolean"})]


def _read_pattern(value: object, *, pattern: re.Pattern[str], accepted: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise refusal(accepted)


def worded(pattern: str, accepted: str) -> PlainValidator:
    """The check of a text of that pattern, which `accepted` puts in words."""
    return PlainValidator(partial(_read_pattern, pattern=re.compile(pattern), accepted=accepted))


def pattern_schema(pattern: str) -> WithJsonSchema:
    """The same as JSON Schema."""
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


SLUG: Final = "[a-z0-9-]{2,40}"
KEY: Final = "[a-z0-9][a-z0-9-]{0,39}"
FIELD_KEY: Final = "[a-z0-9][a-z0-9_-]{0,39}"
LANGUAGE: Final = "[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*"
SOME_TEXT: Final = r"[\s\S]*\S[\s\S]*"

Slug = Annotated[str, worded(SLUG, "2 to 40 of a-z, 0-9 and -"), pattern_schema(SLUG)]
Key = Annotated[
    str, worded(KEY, "a key: at most 40 of a-z, 0-9 and -, the first a letter or digit"), pattern_schema(KEY)
]
FieldKey = Annotated[
    str,
    worded(FIELD_KEY, "a key: at most 40 of a-z, 0-9, - and _, the first a letter or digit"),
    pattern_schema(FIELD_KEY),
]
Language = Annotated[str, worded(LANGUAGE, "a language by its code, such as fr or pt-BR"), pattern_schema(LANGUAGE)]
Words = Annotated[str, worded(SOME_TEXT, "a text that is not empty"), pattern_schema(SOME_TEXT)]

TEXT_ACCEPTED: Final = "a text, or a map of texts by language such as {en: Talk, fr: Conférence}"


def _read_text(value: object) -> str | dict[str, str]:
    if isinstance(value, str):
        if value.strip():
            return value
    elif isinstance(value, Mapping) and value:
        return {_language(key): _one_text(text) for key, text in value.items()}
    raise refusal(TEXT_ACCEPTED)


def _language(key: object) -> str:
    if isinstance(key, str) and re.fullmatch(LANGUAGE, key):
        return key
    raise refusal(TEXT_ACCEPTED)


def _one_text(text: object) -> str:
    if isinstance(text, str) and text.strip():
        return text
    raise refusal(TEXT_ACCEPTED)


Text = Annotated[
    str | dict[str, str],
    PlainValidator(_read_text),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string", "pattern": r"\S"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": f"^{LANGUAGE}$"},
                    "additionalProperties": {"type": "string", "pattern": r"\S"},
                },
            ]
        }
    ),
]
"""A text for people, or one by language."""


def text(value: str | Mapping[str, str] | None, locale: str, fallback: str) -> str:
    """The text in `locale` (or its language), else in `fallback` (the programme's), else in any; empty for None."""
    if value is None or isinstance(value, str):
        return value or ""
    for wanted in (locale, locale.split("-")[0], fallback, fallback.split("-")[0]):
        if wanted in value:
            return value[wanted]
    return next(iter(value.values()))


BoundOfField = int | Decimal | date
"""The bound of a field: whole, decimal, or a day."""


def _read_bound(value: object) -> BoundOfField:
    accepted = "a number with at most 3 places, or a day such as 2026-01-31"
    if isinstance(value, str):
        if ISO_DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise refusal(accepted) from None
        raise refusal(accepted)
    if isinstance(value, date) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST):
        return value
    return read_exact(value, low=Decimal(-LARGEST), high=Decimal(LARGEST), places=3, accepted=accepted)


def _plain_bound(value: BoundOfField) -> int | float | str:
    if isinstance(value, date):
        return value.isoformat()
    return plain_number(Decimal(value))


Bound = Annotated[
    BoundOfField,
    PlainValidator(_read_bound),
    PlainSerializer(_plain_bound, return_type=int | float | str, when_used="json"),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
                {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
            ]
        }
    ),
]

ScalarValue = bool | int | Decimal | str
"""What a condition compares with; a day is its ISO text."""


def _read_scalar(value: object) -> ScalarValue:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST:
        return value
    accepted = "a text, true, false, or a number with at most 3 places"
    return read_exact(value, low=Decimal(-LARGEST), high=Decimal(LARGEST), places=3, accepted=accepted)


def _plain_scalar(value: ScalarValue) -> bool | int | float | str:
    return plain_number(value) if isinstance(value, Decimal) else value


Scalar = Annotated[
    ScalarValue,
    PlainValidator(_read_scalar),
    PlainSerializer(_plain_scalar, return_type=bool | int | float | str, when_used="json"),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string"},
                {"type": "boolean"},
                {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
            ]
        }
    ),
]
