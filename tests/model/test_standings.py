"""The model's tiers and boards against the examples of the page and of published programmes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from .boards import rank
from .cast import book_of, give, give_each, programme_of, run
from .machine import ConflictError
from .points import Book
from .requirements import derive_keep


def test_the_member_of_20_march() -> None:
    tier = {"key": "pro", "gain": {"metric": "points", "min": 60, "window": "90d"}, "keep": {"share": Decimal("0.5")}}
    model = programme_of(book_of({**tier, "grace_days": 20}))
    give(model, date(2024, 3, 1), worth=40)
    give(model, date(2024, 3, 20), worth=20)
    waiting = {"handle": "ada", "locked": False, "proposal": None}
    held = {**waiting, "tier": "pro", "since": "2024-03-20", "at_risk_since": None, "lost_on": None}
    assert run(model, date(2024, 3, 19))["tier"] is None
    assert run(model, date(2024, 3, 20)) == held
    assert run(model, date(2024, 5, 29)) == held
    at_risk = {**held, "at_risk_since": "2024-05-30", "lost_on": "2024-06-19"}
    assert run(model, date(2024, 5, 30)) == at_risk
    assert run(model, date(2024, 6, 18)) == at_risk
    assert run(model, date(2024, 6, 19)) == {**held, "tier": None, "since": None}
    assert [(each.origin, each.tier, each.day) for each in model.decisions] == [
        (None, "pro", date(2024, 3, 20)),
        ("pro", None, date(2024, 6, 19)),
    ]


def test_each_day_of_leave_puts_off_the_loss() -> None:
    tier = {"key": "pro", "gain": {"metric": "points", "min": 60, "window": "90d"}, "grace_days": 20}
    model = programme_of(book_of(tier))
    give(model, date(2024, 3, 1), worth=60)
    run(model, date(2024, 3, 1))
    assert run(model, date(2024, 5, 30))["lost_on"] == "2024-06-19"
    model.set_status("ada", "on_leave", date(2024, 6, 10), date(2024, 6, 25))
    assert run(model, date(2024, 6, 10))["lost_on"] == "2024-06-20"
    assert run(model, date(2024, 6, 24))["lost_on"] == "2024-07-04"
    assert run(model, date(2024, 6, 25))["lost_on"] == "2024-07-04"
    assert run(model, date(2024, 7, 4))["tier"] is None


def test_a_tier_of_the_cycle_is_renewed() -> None:
    tier = {"key": "pro", "gain": {"metric": "points", "min": 9, "window": "cycle"}, "demotion": "cycle_end"}
    model = programme_of(book_of(tier, cycle={"starts": "07-01"}))
    give(model, date(2024, 3, 1), worth=9)
    run(model, date(2024, 3, 1))
    assert run(model, date(2024, 7, 1))["lost_on"] == "2025-07-01"
    assert run(model, date(2025, 6, 30))["tier"] == "pro"
    assert run(model, date(2025, 7, 1))["tier"] is None


def gated(*, top: int = 30) -> Book:
    """Three tiers of lifetime points; the second is a gate."""
    tiers = [
        {"key": "low", "gain": {"metric": "points", "min": 10}},
        {"key": "gate", "gain": {"metric": "points", "min": 20}, "promotion": "manual"},
        {"key": "top", "gain": {"metric": "points", "min": top}},
    ]
    return book_of(*tiers)


def test_a_gate_holds_back_until_a_manager_accepts() -> None:
    model = programme_of(gated())
    give(model, date(2024, 3, 1), worth=30)
    row = run(model, date(2024, 3, 1))
    assert (row["tier"], row["proposal"]) == ("low", {"kind": "promotion", "tier": "top"})
    model.accept("ada", date(2024, 3, 5))
    assert run(model, date(2024, 3, 5))["since"] == "2024-03-05"
    assert [(each.origin, each.tier, each.by) for each in model.decisions] == [
        (None, "low", "rules"),
        ("low", "top", "person"),
    ]


def test_a_declined_promotion_waits_until_its_ground_was_gone_or_its_tier_changed() -> None:
    model = programme_of(gated())
    give(model, date(2024, 3, 1), worth=20)
    run(model, date(2024, 3, 1))
    model.decline("ada", date(2024, 3, 1))
    assert run(model, date(2024, 3, 2))["proposal"] is None
    give(model, date(2024, 3, 2), worth=10)
    assert run(model, date(2024, 3, 3))["proposal"] == {"kind": "promotion", "tier": "top"}
    model.decline("ada", date(2024, 3, 3))
    model.apply(gated(top=31))
    assert run(model, date(2024, 3, 4))["proposal"] is None
    model.reverse(["c1"])
    assert run(model, date(2024, 3, 5))["proposal"] is None
    give(model, date(2024, 3, 5), worth=10)
    assert run(model, date(2024, 3, 6))["proposal"] == {"kind": "promotion", "tier": "gate"}


def test_accepting_what_lapsed_is_a_conflict() -> None:
    model = programme_of(gated())
    give(model, date(2024, 3, 1), worth=20)
    run(model, date(2024, 3, 1))
    model.reverse(["c1"])
    with pytest.raises(ConflictError):
        model.accept("ada", date(2024, 3, 1))
    assert model.standings["ada"].proposal is None


def test_a_step_up_is_repeated_with_held_0_and_is_one_decision() -> None:
    model = programme_of(
        book_of(
            {"key": "low", "gain": {"metric": "points", "min": 1}},
            {"key": "middle", "gain": {"metric": "points", "min": 5}},
            {"key": "gate", "gain": {"metric": "held", "min": 5}, "promotion": "manual"},
            {"key": "top", "gain": {"metric": "points", "min": 9}},
        )
    )
    give(model, date(2024, 3, 1), worth=1)
    run(model, date(2024, 3, 1))
    assert run(model, date(2024, 3, 6))["proposal"] == {"kind": "promotion", "tier": "gate"}
    give(model, date(2024, 3, 6), worth=9)
    row = run(model, date(2024, 3, 6))
    assert (row["tier"], row["since"], row["proposal"]) == ("top", "2024-03-06", None)
    assert [(each.origin, each.tier) for each in model.decisions] == [(None, "low"), ("low", "top")]
    assert [(each["min"], each["actual"]) for each in model.decisions[-1].reasons] == [(5, 10)]


def test_a_demotion_by_hand_is_proposed_from_lost_on_and_a_declined_one_stays_away() -> None:
    tier = {"key": "pro", "gain": {"metric": "points", "min": 5, "window": "30d"}, "demotion": "manual"}
    model = programme_of(book_of({**tier, "grace_days": 3}))
    give(model, date(2024, 3, 1), worth=5)
    run(model, date(2024, 3, 1))
    assert run(model, date(2024, 3, 31))["proposal"] is None
    assert run(model, date(2024, 4, 3))["proposal"] == {"kind": "demotion", "tier": None}
    model.decline("ada", date(2024, 4, 3))
    assert run(model, date(2024, 4, 4))["proposal"] is None
    give(model, date(2024, 4, 5), worth=5)
    run(model, date(2024, 4, 5))
    run(model, date(2024, 5, 5))
    run(model, date(2024, 5, 8))
    model.accept("ada", date(2024, 5, 9))
    assert run(model, date(2024, 5, 9))["tier"] is None


def test_a_dropped_tier_is_placed_anew_and_its_lock_ends() -> None:
    model = programme_of(gated())
    give(model, date(2024, 3, 1), worth=12)
    run(model, date(2024, 3, 1))
    model.lock("ada")
    model.apply(book_of({"key": "other", "gain": {"metric": "points", "min": 12}}))
    row = run(model, date(2024, 3, 2))
    assert (row["tier"], row["locked"]) == ("other", False)
    assert [(each.origin, each.tier, each.version) for each in model.decisions[1:]] == [("low", "other", 2)]


def test_a_lock_holds_on_its_last_day_too_and_unlocking_starts_afresh() -> None:
    tier = {"key": "pro", "gain": {"metric": "points", "min": 5, "window": "30d"}, "grace_days": 9}
    model = programme_of(book_of(tier))
    give(model, date(2024, 3, 1), worth=5)
    run(model, date(2024, 3, 1))
    run(model, date(2024, 3, 31))
    model.lock("ada", until=date(2024, 5, 1))
    row = run(model, date(2024, 5, 1))
    assert (row["locked"], row["tier"], row["at_risk_since"]) == (True, "pro", None)
    assert run(model, date(2024, 5, 2))["lost_on"] == "2024-05-11"


@pytest.mark.parametrize(("points", "tier"), [(99, "first"), (100, "second")])
def test_odoo_karma(points: int, tier: str) -> None:
    thresholds = {"first": 1, "second": 100, "third": 500}
    steps = ({"key": key, "gain": {"metric": "points", "min": least}} for key, least in thresholds.items())
    model = programme_of(book_of(*steps))
    model.adjust("ada", points, date(2024, 3, 1))
    assert run(model, date(2024, 3, 1))["tier"] == tier


@pytest.mark.parametrize(("second_month", "tier"), [(499, None), (500, "champion")])
def test_gainsight_champion(second_month: int, tier: str | None) -> None:
    gain = {"all": [{"metric": "points", "min": 1000}, {"metric": "best_month", "min": 500}]}
    model = programme_of(book_of({"key": "champion", "gain": gain}))
    for month, worth in ((1, 499), (2, second_month), (3, 2)):
        give(model, date(2024, month, 28), worth=worth)
    assert run(model, date(2024, 3, 31))["tier"] == tier


@pytest.mark.parametrize(
    ("kept", "values"), [(True, (45, 9, 27, 18)), (False, (44, 9, 27, 18)), (False, (45, 8, 27, 18))]
)
def test_discourse_trust_is_lost_under_nine_tenths(kept: bool, values: tuple[int, ...]) -> None:
    least = {"visited": 50, "replied": 10, "given": 30, "received": 20}
    types = [{"key": key, "points": {}} for key in least]
    leaves = [
        {"metric": "contributions", "types": [key], "min": count, "window": "100d"} for key, count in least.items()
    ]
    tier = {"key": "regular", "gain": {"all": leaves}, "keep": {"share": Decimal("0.9")}, "minimum_stay_days": 14}
    model = programme_of(book_of(tier, types=types))
    give_each(model, dict(zip(least, least.values(), strict=True)), date(2024, 1, 10))
    assert run(model, date(2024, 1, 10))["tier"] == "regular"
    give_each(model, dict(zip(least, values, strict=True)), date(2024, 4, 18))
    assert (run(model, date(2024, 4, 19))["tier"] == "regular") is kept


def test_a_share_is_exact_and_leaves_max_none_and_held_alone() -> None:
    leaf = {"metric": "points", "min": Decimal("0.001"), "max": 9}
    gain = {"all": [leaf, {"none": [leaf]}, {"metric": "held", "min": 9}, {"metric": "points", "min": -4}]}
    keep = derive_keep(gain, Decimal("0.333"))
    assert keep["all"][0] == {**leaf, "min": Decimal("0.000333")}
    assert keep["all"][1] == {"none": [leaf]}
    assert keep["all"][2]["min"] == 0
    assert keep["all"][3]["min"] == -4


def test_boards_rank_ties_in_three_ways() -> None:
    values = {"zoe": 9, "Ben": 5, "ada": 5, "cleo": 1}
    assert rank(values, "competition") == [(1, "zoe"), (2, "ada"), (2, "Ben"), (4, "cleo")]
    assert rank(values, "dense") == [(1, "zoe"), (2, "ada"), (2, "Ben"), (3, "cleo")]
    assert rank(values, "ordinal") == [(1, "zoe"), (2, "ada"), (3, "Ben"), (4, "cleo")]
