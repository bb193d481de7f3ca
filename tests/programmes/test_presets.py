"""Every preset is a book, says where it comes from, and speaks French and English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from community.kit.errors import NotFound
from community.programmes import presets
from community.programmes.book import Book, stored_form
from community.programmes.parse import parse
from tests.programmes.vectors import VECTORS, Vector

PUBLISHED = (
    *("aces", "cncf-ambassadors", "discourse-trust", "gainsight-champion", "gitlab", "local-guides", "mvp-cycle"),
    *("odoo-karma", "oracle-ace-2017-style", "stack-exchange"),
)


def book(name: str) -> Book:
    """A preset, parsed."""
    return parse(presets.text(name), name).book


def test_the_presets_that_ship() -> None:
    assert presets.names() == PUBLISHED
    with pytest.raises(NotFound, match="aces, cncf"):
        presets.text("../book")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_preset_is_a_book_and_names_its_source(name: str) -> None:
    assert book(name).programme.slug == name
    head = presets.source(name)
    assert "Source: " in head
    assert presets.title(name) in head
    if name != "aces":
        assert "How sure: " in head
        assert "What the book cannot say: " in head


def test_a_preset_without_warnings_but_where_the_programme_is_like_that() -> None:
    suspicious = {name for name in PUBLISHED if parse(presets.text(name), name).warnings}
    assert suspicious == {"mvp-cycle", "oracle-ace-2017-style"}  # no points; no known way up


@pytest.mark.parametrize("name", PUBLISHED)
def test_names_by_language_have_both_languages(name: str) -> None:
    for one in _names(stored_form(book(name))):
        assert isinstance(one, str) or {"en", "fr"} <= set(one)


def _names(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _names(one)
    elif isinstance(node, dict):
        for key, one in node.items():
            if key == "name":
                yield one
            else:
                yield from _names(one)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: f"{one.preset}: {one.says}")
def test_a_vector_speaks_the_words_of_its_preset(vector: Vector) -> None:
    ours = book(vector.preset)
    for one in vector.did:
        assert set(one.fields) <= set(ours.type(one.type).fields_by_key)
        assert one.occurred_on <= vector.as_of
    for tier in (vector.tier, vector.held):
        assert tier is None or ours.level(tier) > 0
