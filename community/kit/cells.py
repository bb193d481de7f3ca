"""Single values of a form or a file: as text, as a number, as yes or no; and what is wrong with one.

Each reader takes the text of a value, trimmed and not empty, and raises ValueError that says what is accepted.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from community.kit.text import excerpt

WHOLE_NUMBER_LIMIT = 10**12
DECIMAL_PLACES = 3
_WHOLE = re.compile(r"([+-]?[0-9]{1,13})(?:\.0*)?")
_DECIMAL = re.compile(rf"[+-]?[0-9]{{1,13}}(?:\.[0-9]{{0,{DECIMAL_PLACES}}}0*)?")
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Finding(NamedTuple):
    """A problem or a warning about one value: the column, an excerpt of what stood there, and what to do about it."""

    column: str
    value: str
    message: str


def finding(column: str, value: object, message: object) -> Finding:
    """A finding about a value of any kind."""
    return Finding(column, excerpt("" if value is None else value), str(message))


def text_of(value: object) -> str:
    """A value as the text that a file would hold: what pages, JSON and Python give, too.

    Raises ValueError for what is no single value.
    """
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)), "f")
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError("accepted: one text, number, true or false")


def boolean_of(text: str) -> bool:
    """`true`, `false`, `yes`, `no`, `1`, `0` in any case."""
    found = _YES_OR_NO.get(text.lower())
    if found is None:
        raise ValueError("accepted: true, false, yes, no, 1 or 0")
    return found


def whole_number_of(text: str) -> int:
    """A whole number, also written `2223.0`, of at most 10^12 in size."""
    found = _WHOLE.fullmatch(text)
    if not found:
        raise ValueError("accepted: a whole number, such as 2223")
    number = int(found[1])
    if abs(number) > WHOLE_NUMBER_LIMIT:
        raise ValueError(f"accepted: a whole number of at most {WHOLE_NUMBER_LIMIT} in size")
    return number


def decimal_of(text: str) -> Decimal:
    """A number with at most 3 places, of at most 10^12 in size, without trailing zeros."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"accepted: a number with at most {DECIMAL_PLACES} places, such as 12.5")
    number = Decimal(text)
    if abs(number) > WHOLE_NUMBER_LIMIT:
        raise ValueError(f"accepted: a number of at most {WHOLE_NUMBER_LIMIT} in size")
    return number.normalize() + 0
