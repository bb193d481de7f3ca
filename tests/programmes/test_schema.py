"""The JSON Schema that ships and the parser say the same of a book's structure (rulebook, section 1)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from community.programmes import presets
from community.programmes.document import read_document
from community.programmes.parse import BookRefused, parse
from community.programmes.schema import schema, schema_text, shipped_schema
from tests.programmes.cases import SEMANTIC, SMALL, STRUCTURAL, Change, changed, text_of

VALIDATOR = Draft202012Validator(json.loads(shipped_schema()))
Path = tuple[str | int, ...]


def json_of(value: Any) -> Any:
    """What the file says, as JSON data."""
    if isinstance(value, dict):
        return {key: json_of(one) for key, one in value.items()}
    if isinstance(value, list):
        return [json_of(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


def parser_takes(book: Any) -> bool:
    """Whether the parser takes the book."""
    try:
        parse(text_of(book), "book.yaml")
    except BookRefused:
        return False
    return True


BOOKS = [SMALL, *(json_of(read_document(presets.text(name)).value) for name in presets.names())]


def test_the_shipped_schema_is_the_one_that_the_models_give() -> None:
    assert shipped_schema() == schema_text(), "write schema_text() to community/programmes/book.schema.json"
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book["programme"]["slug"]))
def test_right_books_are_right_for_both(book: Any) -> None:
    assert parser_takes(book)
    assert VALIDATOR.is_valid(book)


@pytest.mark.parametrize(("path", "change"), STRUCTURAL)
def test_what_is_wrong_in_structure_is_refused_by_both(path: str, change: Change) -> None:
    book = changed(change)
    assert not parser_takes(book), path
    assert not VALIDATOR.is_valid(book), path


@pytest.mark.parametrize(("path", "change"), SEMANTIC)
def test_what_the_schema_cannot_say_is_refused_by_the_parser(path: str, change: Change) -> None:
    book = changed(change)
    assert not parser_takes(book), path
    assert VALIDATOR.is_valid(book), path


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a book."""
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*path, index))


JUNK = st.sampled_from(
    [
        *(0, 1, -1, 5, 2.5, 10**7, True, False),
        *("", " ", "a", "Talk", "lifetime", "talk", "07-01", "365d"),
        *([], {}, [1], ["talk"], {"share": 0.5}, {"metric": "points", "min": 1}),
        *({"en": "x"}, {"field": "language", "is": "fr"}, {"key": "new", "name": "N"}),
    ]
)
KEYS = st.sampled_from(
    [
        *("key", "name", "types", "except", "min", "max", "window", "field", "points", "contributions", "when", "per"),
        *("every", "reach", "choices", "keep", "gain", "share", "metric", "grant", "once", "unknown"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A right book with one place taken away, replaced or added to."""
    book = copy.deepcopy(draw(st.sampled_from(BOOKS)))
    path = draw(st.sampled_from([one for one in places(book) if one]))
    holder: Any = book
    for step in path[:-1]:
        holder = holder[step]
    what = draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
    if what == "remove":
        del holder[path[-1]]
    elif what == "add" and isinstance(holder[path[-1]], dict):
        holder[path[-1]][draw(KEYS)] = draw(JUNK)
    elif what == "repeat" and isinstance(holder[path[-1]], list):
        holder[path[-1]] = holder[path[-1]] * 2
    else:
        holder[path[-1]] = draw(JUNK)
    return book


@given(mutated())
def test_whatever_the_schema_refuses_the_parser_refuses(book: Any) -> None:
    if not VALIDATOR.is_valid(book):
        assert not parser_takes(book)


NOT_SAID_BY_A_SCHEMA = (
    "a second time",  # unique keys
    "one of the",  # references
    "which has none",
    "IANA",
    "other than",  # reserved field keys
    "at most one in a type",
    "a `max` of at least",
    "at most 3 places",  # also 2.50 of an integer
    "a day",
    "a whole number",  # 20.0
    "true or false",
    "a text",
    "`is` or `in`",
    "integer or decimal",
    "leaves",
    "in each other",
    "how many there are",
    "`held` in a `gain` only",
    "`held` outside",
    "each choice once",
    "a key that no other",
)


@given(mutated())
def test_what_the_parser_alone_refuses_is_beyond_a_schema(book: Any) -> None:
    if not VALIDATOR.is_valid(book):
        return
    try:
        parse(text_of(book), "book.yaml")
    except BookRefused as refused:
        for problem in refused.problems:
            assert any(word in problem.accepted or word in problem.found for word in NOT_SAID_BY_A_SCHEMA), problem
