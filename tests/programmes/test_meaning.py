"""Whether two books mean the same, and in which rules they differ (rulebook, section 8)."""

from __future__ import annotations

import pytest

from community.programmes import presets
from community.programmes.book import Book
from community.programmes.meaning import differences, same_meaning
from community.programmes.parse import parse

ACES = presets.text("aces")
IN_A_YEAR = "points in the last 365 days"
WHEN_FRENCH = "when: {field: language, is: fr}"


def aces(*replacements: tuple[str, str]) -> Book:
    """The example, changed."""
    text = ACES
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, "book.yaml").book


@pytest.mark.parametrize(
    "replacement",
    [
        ("# lowest first", "# another comment"),
        ("name: Aces", "name: 'Aces'"),
        ("min: 60, window: 365d", "window: 365d, min: 60.000"),
        ("virtual, hybrid]", "{key: virtual}, hybrid]"),
        ("in: [in-person, hybrid]", "in: [hybrid, in-person]"),
        ("review: manual                # manual", "# manual"),
        ("rewards: []", "# rewards: []"),
        ("grace_days: 60", "grace_days: 60\n    minimum_stay_days: 0"),
    ],
)
def test_a_book_written_otherwise_means_the_same(replacement: tuple[str, str]) -> None:
    other = aces(replacement)
    assert same_meaning(aces(), other)
    assert differences(aces(), other) == []


@pytest.mark.parametrize(
    ("replacement", "path", "sentence"),
    [
        (
            ("min: 60, window", "min: 80, window"),
            "tiers[associate].gain",
            f"tier associate: gain was at least 60 {IN_A_YEAR} and is at least 80 {IN_A_YEAR}",
        ),
        (
            ("share: 0.9", "share: 0.85"),
            "tiers[pro].keep",
            "tier pro: keep was 90 % of what it takes to gain it and is 85 % of what it takes to gain it",
        ),
        (("grace_days: 60", "grace_days: 30"), "tiers[pro].grace_days", "tier pro: grace_days was 60 and is 30"),
        (
            ("grace_days: 60\n", "demotion: never\n    grace_days: 60\n"),
            "tiers[pro].demotion",
            "tier pro: demotion was automatic and is never",
        ),
        (("base: 20", "base: 25"), "contribution_types[talk].points.base", "type talk, points: base was 20 and is 25"),
        (
            ("times: 1.5", "times: 2"),
            "contribution_types[talk].points.factors[0]",
            f"type talk, points: factors[0] was {{{WHEN_FRENCH}, times: 1.5}} and is {{{WHEN_FRENCH}, times: 2}}",
        ),
        (
            ("type: integer, min: 1", "type: integer, min: 2"),
            "contribution_types[talk].fields[attendees].min",
            "type talk, field attendees: min was 1 and is 2",
        ),
        (
            ("ties: competition", "ties: dense"),
            "leaderboards[season].ties",
            "board season: ties was competition and is dense",
        ),
        (("locale: fr ", "locale: en "), "programme.locale", "programme: locale was fr and is en"),
        (
            ("starts: 07-01", "starts: 01-01"),
            "programme.cycle.starts",
            "programme, cycle: starts was 07-01 and is 01-01",
        ),
    ],
)
def test_a_changed_rule_is_told_in_words(replacement: tuple[str, str], path: str, sentence: str) -> None:
    other = aces(replacement)
    assert not same_meaning(aces(), other)
    [one] = differences(aces(), other)
    assert (one.path, one.sentence) == (path, sentence)


def test_what_is_added_and_removed_is_known_by_its_key() -> None:
    post = (
        "  - {key: post, name: {en: Blog post, fr: Article}, evidence: required, review: manual, points: {base: 5}}\n"
    )
    cap = "  - {contributions: 4, per: month, types: [post]}\n"
    without = aces((post, ""), (cap, ""))
    assert [one.sentence for one in differences(aces(), without)] == [
        "type post is removed",
        "the cap of points for at most 4 contributions a month of type post is removed",
    ]
    assert [one.sentence for one in differences(without, aces())] == [
        "type post is added",
        "the cap of points for at most 4 contributions a month of type post is added",
    ]


def test_a_new_tier_is_told_with_what_it_asks_for() -> None:
    wider = aces(("tiers:", "tiers:\n  - {key: friend, name: Friend, gain: {metric: points, min: 1}}\n  #"))
    assert [one.sentence for one in differences(aces(), wider)] == ["tier friend is added: at least 1 point"]


def test_another_order_of_tiers_is_another_ladder() -> None:
    lower = "  - key: associate\n    name: Associate\n    gain: {metric: points, min: 60, window: 365d}\n"
    moved = aces((lower, ""), ("leaderboards:", f"{lower}leaderboards:"))
    [one] = differences(aces(), moved)
    assert one.sentence == "the order of tiers was associate, pro, director and is pro, director, associate"


def test_a_first_book_is_new_as_a_whole() -> None:
    told = [one.sentence for one in differences(None, aces())]
    assert told[0] == "the programme aces is new"
    assert "type talk is added" in told
    assert "board season is added" in told
