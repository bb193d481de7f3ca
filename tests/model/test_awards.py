"""The model's windows, prices, caps and awards against the examples of the page and of published programmes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from .cast import book_of, give, give_each, programme_of
from .windows import bounds, ends

MAY = {"talk": 40, "post": 5, "long": 8, "spam": -10, "bad": -2}


@pytest.mark.parametrize(
    ("window", "day", "first", "last", "end"),
    [
        ("lifetime", "2024-05-31", None, "2024-05-31", None),
        ("365d", "2024-05-31", "2023-06-02", "2024-05-31", None),
        ("1d", "2024-05-31", "2024-05-31", "2024-05-31", None),
        ("3mo", "2024-05-31", "2024-03-01", "2024-05-31", None),
        ("12mo", "2024-02-29", "2023-03-01", "2024-02-29", None),
        ("month", "2024-02-10", "2024-02-01", "2024-02-10", "2024-02-29"),
        ("quarter", "2024-05-31", "2024-04-01", "2024-05-31", "2024-06-30"),
        ("cycle", "2024-06-30", "2023-07-01", "2024-06-30", "2024-06-30"),
        ("cycle", "2024-07-01", "2024-07-01", "2024-07-01", "2025-06-30"),
        ("last_month", "2024-03-31", "2024-02-01", "2024-02-29", "2024-02-29"),
        ("last_quarter", "2024-01-01", "2023-10-01", "2023-12-31", "2023-12-31"),
        ("last_year", "2024-01-01", "2023-01-01", "2023-12-31", "2023-12-31"),
        ("last_cycle", "2024-07-01", "2023-07-01", "2024-06-30", "2024-06-30"),
        ("36500d", "0050-01-01", "0001-01-01", "0050-01-01", None),
        ("1200mo", "0050-01-01", "0001-01-01", "0050-01-01", None),
    ],
)
def test_a_window_has_the_days_of_section_2(window: str, day: str, first: str | None, last: str, end: str) -> None:
    cycle = {"starts": "07-01", "months": 12}
    on = date.fromisoformat(day)
    found = (*bounds(window, on, cycle), ends(window, on, cycle))
    assert found == tuple(each and date.fromisoformat(each) for each in (first, last, end))


def test_a_cycle_of_three_months_follows_without_gap() -> None:
    cycle = {"starts": "02-28", "months": 3}
    assert bounds("last_cycle", date(2024, 2, 28), cycle) == (date(2023, 11, 28), date(2024, 2, 27))
    assert bounds("cycle", date(2024, 2, 27), cycle) == (date(2023, 11, 28), date(2024, 2, 27))


def test_the_caps_of_section_5() -> None:
    types = [{"key": key, "points": {"base": base}} for key, base in MAY.items()]
    posts = ["post", "long", "bad"]
    caps = [{"points": 50, "per": "month"}, {"contributions": 3, "per": "month", "types": posts}]
    model = programme_of(book_of(types=types, caps=caps))
    line = [(2, "talk"), (3, "post"), (3, "long"), (4, "spam"), (9, "post"), (10, "bad")]
    for day, type_ in line:
        give(model, date(2024, 5, day), type_)
    assert [entry.points for entry in model.ledger] == [40, 5, 5, -10, 0, -2]
    assert model.balance("ada") == {"points": 38, "balance": 38, "contributions": 6, "reach": 0}


def test_awards_converge_when_an_earlier_one_comes_in_and_goes_again() -> None:
    model = programme_of(book_of(caps=[{"points": 10, "per": "month"}]))
    give(model, date(2024, 5, 9), worth=8)
    earlier = give(model, date(2024, 5, 2), worth=6)
    assert [(each.cause, each.reverses, each.points) for each in model.ledger] == [
        ("contribution:c1:1", None, 8),
        ("contribution:c2:1", None, 6),
        (None, "contribution:c1:1", -8),
        ("contribution:c1:2", None, 4),
    ]
    model.reverse([earlier])
    assert model.awards_in_force()["c1"].points == 8
    model.override("c1", 25, past_caps=True)
    model.override("c1", 25)
    assert [each.points for each in model.ledger[-4:]] == [-8, 25, -25, 10]
    model.check()


def test_an_edit_takes_the_version_in_force_only_where_the_price_reads_it() -> None:
    type_ = {"key": "post", "fields": [{"key": "note", "type": "text"}], "points": {"base": 5}}
    model = programme_of(book_of(types=[type_]))
    id_ = give(model, date(2024, 5, 2))
    model.apply(book_of(types=[{**type_, "points": {"base": 7}}]))
    model.edit(id_, fields={"note": "n"}, language="fr")
    assert (model.contributions[id_].version, len(model.ledger)) == (1, 1)
    model.edit(id_, day=date(2024, 5, 3))
    assert (model.contributions[id_].version, model.ledger[-1].points) == (2, 7)
    model.apply(book_of(types=[{**type_, "key": "talk"}]), retroactive=True)
    model.edit(id_, day=date(2024, 5, 4))
    assert (model.contributions[id_].version, model.ledger[-1].points) == (2, 7)


def test_floor_is_towards_minus_infinity_and_a_missing_field_is_0() -> None:
    bonuses = [
        {"per": "size", "every": 5, "points": -3, "at_most": 4},
        {"when": {"none": [{"field": "size", "min": 1}]}, "points": -1},
    ]
    factors = [{"when": {"field": "language", "is": "fr"}, "times": Decimal("1.5")}]
    type_ = {"key": "post", "points": {"base": 2, "bonuses": bonuses, "factors": factors}}
    model = programme_of(book_of(types=[type_]))
    give(model, date(2024, 5, 2), fields={"size": 11}, language="fr")
    give(model, date(2024, 5, 2), fields={"size": 9}, language="fr")
    give(model, date(2024, 5, 2), language="fr")
    assert [each.points for each in model.ledger] == [-3, -2, 1]


@pytest.mark.parametrize(("ups", "accepts", "points"), [(25, 2, 230)])
def test_stack_exchange_has_a_cap_by_day_with_types_outside(ups: int, accepts: int, points: int) -> None:
    types = [{"key": "up", "points": {"base": 10}}, {"key": "accepted", "points": {"base": 15}}]
    model = programme_of(book_of(types=types, caps=[{"points": 200, "per": "day", "types": ["up"]}]))
    give_each(model, {"up": ups, "accepted": accepts}, date(2024, 3, 1))
    assert model.balance("ada")["points"] == points
