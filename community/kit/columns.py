"""The columns of a form: what reads each, which are required, and all that is wrong with a row at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from community.kit.cells import Finding, finding, text_of
from community.kit.languages import normalise_language
from community.kit.places import normalise_country
from community.kit.text import block_of, line_of


class Column(NamedTuple):
    """One column: `read` takes its text, trimmed and not empty, and raises ValueError that says what is accepted.

    `doubt` answers a warning about a text that was read all the same, or None.
    """

    name: str
    read: Callable[[str], Any]
    required: bool = False
    doubt: Callable[[str], str | None] | None = None


def read_columns(
    columns: Sequence[Column], values: Mapping[str, object], wrong: list[Finding], warned: list[Finding]
) -> list[Any]:
    """The values of the columns, in their order, None where empty; problems and warnings go to the two lists."""
    found: list[Any] = []
    for name, read, required, doubt in columns:
        value = values.get(name)
        try:
            text = (value if type(value) is str else text_of(value)).strip() if value is not None else ""
            if not text:
                if required:
                    wrong.append(finding(name, value, "required"))
                found.append(None)
                continue
            found.append(read(text))
            if doubt is not None and (message := doubt(text)):
                warned.append(finding(name, value, message))
        except ValueError as error:
            wrong.append(finding(name, value, error))
            found.append(None)
    return found


def line_reader(most: int) -> Callable[[str], str]:
    """Reads one line of text of at most `most` characters."""

    def read(text: str) -> str:
        return _at_most(line_of(text), most)

    return read


def block_reader(most: int) -> Callable[[str], str]:
    """Reads text of several lines, of at most `most` characters."""

    def read(text: str) -> str:
        return _at_most(block_of(text), most)

    return read


def language_column(name: str) -> Column:
    """A language: its shortest tag, or what stands there, with a warning."""
    return Column(name, partial(_normalised, normalise_language), doubt=_unknown_language)


def country_column(name: str, required: bool = False) -> Column:
    """A country: its two letters, or what stands there, with a warning."""
    return Column(name, partial(_normalised, normalise_country), required, _unknown_country)


def _normalised(normalise: Callable[[str], tuple[str, bool]], text: str) -> str:
    found, known = normalise(text)
    return found if known else _NAME(text)


def _at_most(text: str, most: int) -> str:
    if len(text) > most:
        raise ValueError(f"has {len(text)} characters; accepted: at most {most}")
    return text


_NAME = line_reader(100)


def _unknown_language(text: str) -> str | None:
    if normalise_language(text)[1]:
        return None
    return "an unknown language, kept as it stands; known: codes of two or three letters and English names"


def _unknown_country(text: str) -> str | None:
    if normalise_country(text)[1]:
        return None
    return "an unknown country, kept as it stands; known: codes of ISO 3166 and English names"
