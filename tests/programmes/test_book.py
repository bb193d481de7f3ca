"""A book as values: read from its stored form it is the same, exactly (rulebook, sections 1 and 4)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from community.programmes import presets
from community.programmes.book import Book, Leaf, Requirement, Tier, stored_form, text, walk
from community.programmes.parse import parse
from community.programmes.presets import names


def aces() -> Book:
    return parse(presets.text("aces"), "aces.yaml").book


@pytest.mark.parametrize("name", names())
def test_a_book_is_read_back_from_its_stored_form(name: str) -> None:
    book = parse(presets.text(name), name).book
    kept = json.dumps(stored_form(book))
    assert Book.model_validate(json.loads(kept)) == book
    assert json.dumps(stored_form(Book.model_validate(json.loads(kept)))) == kept


def test_exact_numbers_survive() -> None:
    tier = {"key": "a", "name": "A", "gain": {"metric": "tenure", "min": Decimal("999999999999.999")}}
    again = Tier.model_validate(
        json.loads(json.dumps(Tier.model_validate(tier).model_dump(mode="json", by_alias=True)))
    )
    assert isinstance(again.gain, Leaf)
    assert again.gain.min == Decimal("999999999999.999")


def test_a_book_does_not_change() -> None:
    with pytest.raises(ValidationError):
        aces().programme.slug = "other"  # type: ignore[misc]  # what must not work


def test_what_the_engine_asks_of_a_book() -> None:
    book = aces()
    assert [book.level(key) for key in (None, "associate", "director", "gone")] == [0, 1, 3, 0]
    assert book.tier("pro").grace_days == 60
    assert book.type("talk").reach_field == "attendees"
    assert book.type("post").reach_field is None
    assert book.board("season").ties == "competition"
    with pytest.raises(KeyError):
        book.type("podcast")
    answer_cap = book.caps[0]
    assert answer_cap.covers("answer")
    assert not answer_cap.covers("post")


def test_a_share_multiplies_each_min_exactly() -> None:
    keep = aces().tier("pro").derived_keep
    assert keep is not None
    assert _minima(keep) == [Decimal("180"), Decimal("2.7"), Decimal("1.8"), Decimal("162")]


def test_a_share_leaves_max_and_what_stands_in_none() -> None:
    tier = Tier.model_validate(
        {
            "key": "a",
            "name": "A",
            "gain": {
                "all": [
                    {"metric": "points", "min": 10, "max": 100},
                    {"metric": "points", "min": -10},
                    {"metric": "held", "min": 30},
                    {"none": [{"metric": "reach", "min": 50}]},
                    {"at_least": {"count": 1, "of": [{"metric": "contributions", "min": 4}]}},
                ]
            },
            "keep": {"share": Decimal("0.5")},
        }
    )
    keep = tier.derived_keep
    assert keep is not None
    assert _minima(keep) == [Decimal(5), Decimal(-10), Decimal(0), Decimal(50), Decimal(2)]
    assert [leaf.max for _, leaf, _ in walk(keep)] == [Decimal(100), None, None, None, None]


def test_left_out_keep_is_gain_with_held_as_met() -> None:
    gain: dict[str, Any] = {"any": [{"metric": "held", "min": 30}, {"metric": "points", "min": 5}]}
    keep = Tier.model_validate({"key": "a", "name": "A", "gain": gain}).derived_keep
    assert keep is not None
    assert _minima(keep) == [Decimal(0), Decimal(5)]


def test_a_tier_without_gain_and_keep_is_kept_until_taken() -> None:
    assert Tier.model_validate({"key": "a", "name": "A", "promotion": "manual"}).derived_keep is None


def test_the_paths_of_leaves_are_those_of_the_file() -> None:
    gain = aces().tier("director").gain
    assert gain is not None
    assert [path for path, _, _ in walk(gain, "gain")] == [f"gain.at_least.of[{index}]" for index in range(3)]


def test_texts_fall_back() -> None:
    name = {"en": "Talk", "fr": "Conférence"}
    assert text(name, "fr-CA", "en") == "Conférence"
    assert text(name, "de", "fr") == "Conférence"
    assert text(name, "de", "es") == "Talk"
    assert text("Talk", "de", "fr") == "Talk"
    assert text(None, "de", "fr") == ""


def _minima(requirement: Requirement) -> list[Decimal | None]:
    return [leaf.min for _, leaf, _ in walk(requirement)]
