"""`standings refresh | list | explain | accept | decline | place | lock | unlock`."""

from __future__ import annotations

from pathlib import Path

import pytest

from community.kit import clock
from tests.cli.cast import NOON, STARS, WORK, Community, found, points_of, standing_of, written


@pytest.fixture
def risen(working: Community) -> Community:
    """Ada has 30 points and Ben 21, both stars since 10 March; Cleo has 5."""
    working("contributions", "approve", "stars", "--all-pending")
    working("standings", "refresh", "stars", "--as-of", "2026-03-10")
    return working


def give(community: Community, handle: str, points: int, day: str = "2026-03-10") -> None:
    community("ledger", "adjust", "stars", handle, points, "--note", "a story", "--day", day)


def test_the_shape_of_the_list(risen: Community) -> None:
    give(risen, "cleo", 100)
    risen("standings", "refresh", "stars", "--as-of", "2026-03-10")
    risen("standings", "lock", "stars", "ben", "--note", "away")
    rows = found(risen("standings", "list", "stars", "--json"))
    nothing = {"at_risk_since": None, "lost_on": None, "proposal": None}
    assert rows == [
        {"handle": "ada", "tier": "star", "since": "2026-03-10", "locked": False, **nothing},
        {"handle": "Ben", "tier": "star", "since": "2026-03-10", "locked": True, **nothing},
        {"handle": "cleo", "tier": "star", "since": "2026-03-10", "locked": False, **nothing}
        | {"proposal": {"kind": "promotion", "tier": "giant"}},
    ]
    assert list(rows[0]) == ["handle", "tier", "since", "at_risk_since", "lost_on", "locked", "proposal"]
    assert found(risen("standings", "list", "stars", "--tier", "giant", "--json")) == []
    assert "promotion to giant" in risen("standings", "list", "stars").out


def test_at_risk_is_listed_with_the_day_of_the_loss(risen: Community) -> None:
    risen("standings", "refresh", "stars", "--as-of", "2026-06-05")
    [ada, ben] = found(risen("standings", "list", "stars", "--at-risk", "--json"))
    assert (ada["handle"], ada["at_risk_since"], ada["lost_on"]) == ("ada", "2026-06-05", "2026-06-25")
    assert ben["handle"] == "Ben"
    risen("standings", "refresh", "stars", "--as-of", "2026-06-25")
    assert standing_of(risen, "ada")["tier"] is None
    assert found(risen("standings", "list", "stars", "--at-risk", "--json")) == []


def test_the_shape_of_an_explanation(risen: Community) -> None:
    told = found(risen("standings", "explain", "stars", "ADA", "--as-of", "2026-03-20", "--json"))
    assert list(told) == ["handle", "as_of", "tier", "qualifies", "at_risk_since", "lost_on", "tiers"]
    assert (told["handle"], told["as_of"], told["tier"], told["qualifies"]) == ("ada", "2026-03-20", "star", "star")
    assert [tier["key"] for tier in told["tiers"]] == ["star", "giant"]
    star, giant = told["tiers"]
    reason = {
        "path": "gain", "metric": "points", "types": None, "window": "90d", "from": "2025-12-21", "to": "2026-03-20",
        "ends": None, "actual": 30, "min": 20, "max": None, "met": True,
    }  # fmt: skip
    assert star == {
        "key": "star",
        "gain": {"met": True, "reasons": [reason]},
        "keep": {"met": True, "reasons": [{**reason, "path": "keep", "min": 10}]},
    }
    assert giant["gain"]["met"] is False
    assert giant["gain"]["reasons"][0] | {"min": 60, "from": None, "window": "lifetime"} == giant["gain"]["reasons"][0]
    assert "✗ points" in risen("standings", "explain", "stars", "ada").out


def test_a_day_is_run_once_and_days_do_not_go_back(risen: Community) -> None:
    """The first run may be any day; a later one evaluates everybody; an earlier one only rehearses."""
    refused = risen("standings", "refresh", "stars", "--as-of", "2026-03-09", status=2)
    assert (refused.out, "--dry-run" in refused.err) == ("", True)
    assert "those touched: nothing new" in risen("standings", "refresh", "stars", "--as-of", "2026-03-10").out
    assert "everybody: nothing new" in risen("standings", "refresh", "stars", "--as-of", "2026-03-10", "--full").out
    assert "everybody" in risen("standings", "refresh", "stars", "--as-of", "2026-03-12").out
    assert "2026-03-31, everybody" in risen("standings", "refresh", "stars").out
    give(risen, "cleo", 30)
    again = found(risen("standings", "refresh", "stars", "--json"))
    assert (again["everybody"], again["happened"]["decision"]) == (False, 1)


def test_days_between_are_not_made_up(risen: Community) -> None:
    """Ada's points of March end on 30 May; whoever looks on 1 June only finds her at risk from then on."""
    risen("standings", "refresh", "stars", "--as-of", "2026-06-01")
    assert standing_of(risen, "ada")["at_risk_since"] == "2026-06-01"


def test_a_rehearsal_changes_nothing_and_may_look_back(risen: Community) -> None:
    before = found(risen("standings", "list", "stars", "--json"))
    rehearsed = found(risen("standings", "refresh", "stars", "--as-of", "2026-03-04", "--dry-run", "--json"))
    assert rehearsed["day"] == "2026-03-04"
    assert {one["handle"]: (one["from"], one["to"]) for one in rehearsed["members"]} == {
        "ada": (None, "star"),
        "Ben": (None, "star"),
    }
    assert "would be recorded" in risen("standings", "refresh", "stars", "--as-of", "2026-03-04", "--dry-run").out
    risen("standings", "refresh", "stars", "--as-of", "2026-06-01", "--dry-run")
    assert found(risen("standings", "list", "stars", "--json")) == before
    past = found(risen("standings", "explain", "stars", "ada", "--as-of", "2026-03-01", "--json"))
    assert (past["tier"], past["qualifies"]) == ("star", "star")
    assert found(risen("standings", "explain", "stars", "ada", "--as-of", "2026-02-28", "--json"))["tier"] is None


def test_accepting_a_proposal(risen: Community) -> None:
    give(risen, "ada", 40)
    risen("standings", "refresh", "stars", "--as-of", "2026-03-20")
    assert standing_of(risen, "ada")["proposal"] == {"kind": "promotion", "tier": "giant"}
    assert risen("standings", "accept", "stars", "ada", "--note", "well done").out == "ada: accepted\n"
    ada = standing_of(risen, "ada")
    assert (ada["tier"], ada["since"], ada["proposal"]) == ("giant", "2026-03-20", None)
    risen("standings", "accept", "stars", "ada", status=1)
    risen("ledger", "verify", "stars")


def test_accepting_a_proposal_that_lapsed_is_a_conflict(risen: Community) -> None:
    give(risen, "ada", 40)
    risen("standings", "refresh", "stars", "--as-of", "2026-03-20")
    give(risen, "ada", -40)
    assert "lapsed" in risen("standings", "accept", "stars", "ada", status=1).err
    ada = standing_of(risen, "ada")
    assert (ada["tier"], ada["proposal"]) == ("star", None)


def test_a_declined_proposal_is_not_made_again(risen: Community) -> None:
    give(risen, "ada", 40)
    risen("standings", "refresh", "stars", "--as-of", "2026-03-20")
    assert risen("standings", "decline", "stars", "ada").out == "ada: declined\n"
    risen("standings", "refresh", "stars", "--as-of", "2026-03-21")
    assert standing_of(risen, "ada")["proposal"] is None
    risen("standings", "decline", "stars", "ada", status=1)


def test_placing_by_hand(risen: Community) -> None:
    risen("standings", "place", "stars", "cleo", "giant", "--note", "a founder")
    cleo = standing_of(risen, "cleo")
    assert (cleo["tier"], cleo["since"]) == ("giant", "2026-03-10")
    assert "already" in risen("standings", "place", "stars", "cleo", "giant", "--note", "twice", status=1).err
    risen("standings", "place", "stars", "cleo", "none", "--note", "an error")
    assert standing_of(risen, "cleo")["tier"] is None
    risen("standings", "place", "stars", "cleo", "none", "--note", "twice", status=1)
    risen("standings", "place", "stars", "cleo", "star", "--note", "late", "--as-of", "2026-03-09", status=2)
    risen("ledger", "verify", "stars")


def test_locked_members_stay(risen: Community) -> None:
    risen("standings", "lock", "stars", "ada")
    assert "already" in risen("standings", "lock", "stars", "ada", status=1).err
    risen("standings", "lock", "stars", "ben", "--until", "2026-06-30")
    risen("standings", "refresh", "stars", "--as-of", "2026-06-30")
    assert [standing_of(risen, name)["at_risk_since"] for name in ("ada", "Ben")] == [None, None]
    risen("standings", "refresh", "stars", "--as-of", "2026-07-01")
    assert standing_of(risen, "Ben")["at_risk_since"] == "2026-07-01"
    risen("standings", "unlock", "stars", "ada")
    risen("standings", "refresh", "stars", "--as-of", "2026-07-01")
    assert standing_of(risen, "ada")["at_risk_since"] == "2026-07-01"
    risen("standings", "unlock", "stars", "ada", status=1)


def test_an_import_or_an_approval_decides_nothing(risen: Community, tmp_path: Path) -> None:
    more = WORK.splitlines()[0] + "\n9,cleo,talk,On sums,https://example.org/9,2026-03-09,10,virtual\n"
    risen("contributions", "import", "stars", written(tmp_path, "more.csv", more), "--approve")
    assert points_of(risen, "cleo") == 25
    assert standing_of(risen, "cleo")["tier"] is None
    risen("standings", "refresh", "stars", "--as-of", "2026-03-10")
    assert standing_of(risen, "cleo")["tier"] == "star"


def test_a_status_holds_from_today_on(risen: Community) -> None:
    risen("members", "status", "stars", "ada", "left")
    risen("members", "status", "stars", "ben", "on_leave", "--return-on", "2026-07-01")
    risen("standings", "refresh", "stars", "--as-of", "2026-06-20")
    assert [standing_of(risen, name)["tier"] for name in ("ada", "Ben")] == ["star", "star"]
    assert found(risen("standings", "list", "stars", "--at-risk", "--json")) == []
    assert found(risen("members", "show", "stars", "ada", "--json"))["status"] == "left"
    statuses = found(risen("members", "list", "stars", "--status", "on_leave", "--json"))
    assert [(one["handle"], one["return_on"]) for one in statuses] == [("Ben", "2026-07-01")]


def test_the_standings_follow_a_new_version_with_the_next_run(risen: Community, tmp_path: Path) -> None:
    easier = written(tmp_path, "easier.yaml", STARS.replace("min: 20, window: 90d", "min: 5, window: 90d"))
    risen("programme", "apply", easier, "--yes")
    assert standing_of(risen, "cleo")["tier"] is None
    assert "everybody" in risen("standings", "refresh", "stars", "--as-of", "2026-03-10").out
    assert standing_of(risen, "cleo")["tier"] == "star"


def test_today_is_that_of_the_programmes_zone(community: Community, tmp_path: Path) -> None:
    for slug, zone, day in (("east", "Pacific/Kiritimati", "2026-04-01"), ("west", "Etc/GMT+12", "2026-03-31")):
        book = STARS.replace("slug: stars", f"slug: {slug}").replace("timezone: UTC", f"timezone: {zone}")
        community("programme", "apply", written(tmp_path, f"{slug}.yaml", book), "--yes")
        assert community("standings", "refresh", slug).out.startswith(day)
    with clock.stopped(NOON.replace(hour=11)):
        today = {one["slug"]: one["today"] for one in found(community("programme", "list", "--json"))}
    assert today == {"east": "2026-04-01", "west": "2026-03-30"}
