"""Every error of a book, with file, line and path, all at once (rulebook, section 1)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from community.kit.errors import Problem
from community.programmes import presets
from community.programmes.parse import BookRefused, parse
from tests.programmes.cases import (
    GAIN,
    LEAF,
    SEMANTIC,
    SMALL,
    STRUCTURAL,
    Change,
    changed,
    combinations_around,
    text_of,
)

ACES = presets.text("aces")


def problems(text: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a book."""
    with pytest.raises(BookRefused) as refused:
        parse(text, "book.yaml")
    return refused.value.problems


def test_a_right_book_is_taken() -> None:
    parsed = parse(text_of(SMALL), "book.yaml")
    assert parsed.book.programme.slug == "small"
    assert parsed.warnings == ()


@pytest.mark.parametrize(("path", "change"), [*STRUCTURAL, *SEMANTIC])
def test_one_wrong_place_is_one_problem_there(path: str, change: Change) -> None:
    found = problems(text_of(changed(change)))
    assert [one.path for one in found] == [path] or path in [one.path for one in found][:2], found
    assert all(one.where == "book.yaml" and one.line and one.found and one.accepted for one in found)


def test_all_errors_come_at_once_each_with_its_line() -> None:
    text = (
        ACES.replace("timezone: Europe/Paris ", "timezone: Europe/Pariss ")
        .replace("base: 20", "base: 2.5")
        .replace("field: setting, in", "field: settin, in")
        .replace("per: month, types: [answer]", "per: moon, types: [answer]")
        .replace("types: [post]}", "types: [pots]}")
        .replace("min: 60, window: 365d", "min: 60, window: 0d")
        .replace("{metric: distinct_types, min: 2", "{metric: distinct_types, mim: 3, min: 2")
        .replace("share: 0.9", "share: 1.9")
        .replace("count: 2\n", "count: 4\n")
        .replace("ties: competition", "ties: fair")
    )
    found = problems(text)
    lines = text.splitlines()
    assert [one.path for one in found] == [
        "programme.timezone",
        "contribution_types[0].points.base",
        "contribution_types[0].points.bonuses[0].when.field",
        "caps[0].per",
        "caps[1].types[0]",
        "tiers[0].gain.window",
        "tiers[1].gain.all[2].mim",
        "tiers[1].keep.share",
        "tiers[2].gain.at_least.count",
        "leaderboards[0].ties",
    ]
    for one, word in zip(
        found, ("Pariss", "2.5", "settin,", "moon", "pots", "0d", "mim", "1.9", "4", "fair"), strict=True
    ):
        assert one.line is not None
        assert word in lines[one.line - 1]
    assert found[6].found == "the key `mim`"
    assert "did you mean `min`?" in found[6].accepted
    assert "did you mean `setting`?" in found[2].accepted
    assert found[3].accepted == "day, week, month, quarter, year, cycle or lifetime; did you mean `month`?"
    assert str(found[3]).startswith("book.yaml:")


def test_a_broken_part_is_not_blamed_on_those_that_name_it() -> None:
    book = changed((("contribution_types", 0, "points"), "many"), (("tiers", 0, "min_stay"), 3))
    assert {one.path for one in problems(text_of(book))} == {"contribution_types[0].points", "tiers[0].min_stay"}


def test_errors_beside_a_broken_item_keep_their_own_places() -> None:
    book = changed((("caps", 0, "per"), "moon"), (("caps", 1, "except", 0), "podcast"))
    assert [one.path for one in problems(text_of(book))] == ["caps[0].per", "caps[1].except[0]"]


def test_combinations_are_nested_six_deep_at_most() -> None:
    parse(text_of(changed((GAIN, combinations_around(LEAF, 6)))), "book.yaml")
    assert "at most 6" in problems(text_of(changed((GAIN, combinations_around(LEAF, 7)))))[0].accepted


def test_a_tier_has_64_leaves_at_most() -> None:
    parse(text_of(changed((GAIN, {"any": [LEAF] * 64}))), "book.yaml")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "an empty file"),
        ("# only a comment\n", "an empty file"),
        ("- a\n- b\n", "a list of 2"),
        ("42", "the number 42"),
        ("a: [1, 2", "expected"),
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("a: &x 1", "the anchor &x"),
        ("a: 1\nb: *x\n", "the alias *x"),
        ("a: !!int 1", "the tag"),
        ("a: !thing 1", "the tag"),
        ("a: 1\na: 2\n", "twice"),
        ("? [a, b]\n: 1\n", "as a key"),
        ("%YAML 1.1\n---\na: 1\n", "%YAML 1.1"),
        ("[" * 5_000, "levels"),
        ('a: "\\0"', "U+0000"),
        (b"a: \xff\n", "not UTF-8"),
        (b"\xff\xfea\x00:\x00", "not UTF-8"),
        ("a: " + "x" * 1_000_001, "bytes"),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused(text: str | bytes, word: str) -> None:
    assert any(word in one.found for one in problems(text))


@pytest.mark.parametrize(
    "text", ["on", "no", "NO", "yes", "12:30", "010-2", "2026-01-01", "0x", "1_000", "True", "07-01"]
)
def test_only_true_and_false_are_booleans_and_days_are_text(text: str) -> None:
    book = changed((("programme", "name"), "PLACE"))
    assert parse(text_of(book).replace("PLACE", text), "book.yaml").book.programme.name == text


def test_keys_are_text() -> None:
    book = changed((("programme", "name"), "PLACE"))
    named = parse(text_of(book).replace("PLACE", "{no: Liten, fr: Petit}"), "book.yaml").book.programme.name
    assert named == {"no": "Liten", "fr": "Petit"}


def test_numbers_are_exact() -> None:
    again = parse(ACES.replace("times: 1.5", "times: 1.10"), "book.yaml").book
    assert str(again.type("talk").points.factors[0].times * 10) == "11.00"
    assert parse(ACES.replace("base: 20", "base: 0o24"), "book.yaml").book.type("talk").points.base == 20


def test_a_number_for_a_text_is_told_that_it_lacks_quotes() -> None:
    [one] = problems(text_of(changed((("leaderboards", 0, "key"), 2024))))
    assert "in quotes" in one.found


def test_an_empty_value_is_refused_once() -> None:
    [one] = problems(text_of(SMALL).replace("grace_days: 10", "grace_days:"))
    assert (one.path, one.found) == ("tiers[1].grace_days", "nothing")


def test_a_book_with_a_byte_order_mark_and_windows_line_ends() -> None:
    text = ("\ufeff" + ACES.replace("\n", "\r\n")).encode()
    assert parse(text, "book.yaml").book == parse(ACES, "book.yaml").book


def test_parsing_the_example_takes_no_time() -> None:
    parse(ACES, "book.yaml")
    begun = time.perf_counter()
    parse(ACES, "book.yaml")
    assert time.perf_counter() - begun < 0.05


@pytest.mark.parametrize(
    "junk",
    [
        "contribution_types:\n" + "- {}\n" * 20_000,
        "".join(f"k{index}: 1\n" for index in range(10_000)),
        "".join(f"k{index}:\n" for index in range(10_000)),
        "contribution_types:\n- {fields: [" + "{}," * 20_000 + "]}\n",
    ],
)
def test_junk_is_refused_in_bounded_time_and_words(junk: str) -> None:
    begun = time.perf_counter()
    assert len(problems(junk)) <= 1_000
    assert time.perf_counter() - begun < 10


def test_languages_and_countries_are_taken_in_their_short_form_with_a_warning() -> None:
    book: dict[str, Any] = changed(
        (("programme", "locale"), "fra"),
        (("contribution_types", 0, "points", "factors", 0, "when", "is"), "French"),
        (("contribution_types", 0, "points", "bonuses", 0, "when"), {"field": "place", "in": ["France", "Narnia"]}),
        (("leaderboards", 0, "only", "countries"), ["UK", "FR"]),
        (("tiers", 0, "name"), {"eng": "First", "fr": "Premier"}),
    )
    parsed = parse(text_of(book), "book.yaml")
    points = parsed.book.type("talk").points
    assert parsed.book.programme.locale == "fr"
    assert points.factors[0].when.model_dump(by_alias=True) == {"field": "language", "is": "fr"}
    assert points.bonuses[0].when is not None
    assert points.bonuses[0].when.model_dump(by_alias=True) == {"field": "place", "in": ("FR", "Narnia")}
    assert parsed.book.board("all").only is not None
    assert parsed.book.board("all").model_dump()["only"]["countries"] == ("GB", "FR")
    assert parsed.book.tier("first").name == {"en": "First", "fr": "Premier"}
    assert [(one.path, one.line is not None) for one in parsed.warnings] == [
        ("programme.locale", True),
        ("tiers[0].name.eng", True),
        ("contribution_types[0].points.bonuses[0].when.in[0]", True),
        ("contribution_types[0].points.bonuses[0].when.in[1]", True),
        ("contribution_types[0].points.factors[0].when.is", True),
        ("leaderboards[0].only.countries[0]", True),
    ]
