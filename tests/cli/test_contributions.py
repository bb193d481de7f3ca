"""`contributions list | approve | reject | reverse | edit | override` and `ledger balance | entries | adjust`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cast import STARS, Community, found, listed, points_of, written


def entries(community: Community, handle: str) -> list[tuple[object, ...]]:
    rows = found(community("ledger", "entries", "stars", handle, "--json"))
    return [(one["kind"], one["type"], one["points"]) for one in rows]


def test_listing(working: Community) -> None:
    assert set(listed(working)) == {"1", "2", "3", "4", "5"}
    assert set(listed(working, "--state", "approved")) == {"3"}
    assert set(listed(working, "--state", "submitted", "--handle", "ADA")) == {"1", "2"}
    assert set(listed(working, "--type", "post")) == {"2", "5"}
    first = listed(working)["1"]
    assert (first["handle"], first["occurred_on"], first["fields"]) == (
        "ada", "2026-03-01", {"attendees": 120, "setting": "in-person"},
    )  # fmt: skip
    assert first["points"] is None
    assert "On engines" in working("contributions", "list", "stars").out


def test_the_shape_of_a_balance(working: Community) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    assert found(working("ledger", "balance", "stars", "ADA", "--json")) == {
        "handle": "ada", "points": 30, "balance": 30, "contributions": 2, "reach": 120,
    }  # fmt: skip
    assert entries(working, "ada") == [("award", "talk", 25), ("award", "post", 5)]


def test_approving_rejecting_and_reversing_by_id(working: Community) -> None:
    ids = {key: row["id"] for key, row in listed(working).items()}
    assert working("contributions", "approve", "stars", ids["1"], ids["2"]).out == "2 approved\n"
    assert working("contributions", "reject", "stars", ids["4"], "--note", "not ours").out == "1 rejected\n"
    assert listed(working)["4"]["note"] == "not ours"
    assert working("contributions", "reverse", "stars", ids["2"]).out == "1 reversed\n"
    states = {key: row["state"] for key, row in listed(working).items()}
    assert states == {"1": "approved", "2": "reversed", "3": "approved", "4": "rejected", "5": "submitted"}
    assert entries(working, "ada") == [("award", "talk", 25), ("award", "post", 5), ("reversal", "post", -5)]
    working("contributions", "reverse", "stars", ids["4"], status=1)
    assert working("contributions", "approve", "stars", "--all-pending").out == "1 approved\n"
    assert working("contributions", "approve", "stars", "--all-pending").out == "0 approved\n"
    working("ledger", "verify", "stars")


def test_nothing_is_done_where_one_of_several_does_not_fit(working: Community) -> None:
    ids = {key: row["id"] for key, row in listed(working).items()}
    working("contributions", "reject", "stars", ids["4"])
    working("contributions", "reverse", "stars", ids["3"], ids["4"], status=1)
    assert listed(working)["3"]["state"] == "approved"


def test_an_edit_of_what_the_price_reads_prices_anew(working: Community, tmp_path: Path) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    dearer = STARS.replace("base: 20", "base: 40")
    working("programme", "apply", written(tmp_path, "dearer.yaml", dearer), "--yes")
    talk = listed(working)["1"]["id"]
    working("contributions", "edit", "stars", talk, "title=On the engine")
    assert (listed(working)["1"]["title"], points_of(working, "ada")) == ("On the engine", 30)
    assert working("contributions", "edit", "stars", talk, "title=On the engine").out == f"{talk}: unchanged\n"
    working("contributions", "edit", "stars", talk, "attendees=200")
    assert found(working("ledger", "balance", "stars", "ada", "--json"))["reach"] == 200
    assert points_of(working, "ada") == 30
    working("contributions", "edit", "stars", talk, "setting=virtual")
    assert points_of(working, "ada") == 45
    working("ledger", "verify", "stars")


def test_an_edit_moves_a_contribution_to_another_member(working: Community) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    working("contributions", "edit", "stars", listed(working)["1"]["id"], "handle=BEN")
    assert (points_of(working, "ada"), points_of(working, "ben")) == (5, 46)
    assert listed(working)["1"]["handle"] == "Ben"
    assert entries(working, "ada")[-1] == ("reversal", "talk", -25)
    working("ledger", "verify", "stars")


def test_what_an_edit_may_say(working: Community) -> None:
    post = listed(working)["2"]["id"]
    for change, status in (("handle=zoe", 2), ("tier=star", 2), ("title", 2), ("title=", 1), ("url=ftp://x", 1),
                           ("occurred_on=2026-04-01", 1), ("type=song", 1)):  # fmt: skip
        ran = working("contributions", "edit", "stars", post, change, status=status)
        assert (ran.out, bool(ran.err)) == ("", True)
    working("contributions", "edit", "stars", post, "type=answer", "url=", "description=Several\nlines")
    row = listed(working)["2"]
    assert (row["type"], row["url"], row["description"]) == ("answer", None, "Several\nlines")


def test_an_override_stands_until_it_is_taken_back(working: Community) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    answer = listed(working)["3"]["id"]
    working("contributions", "override", "stars", answer, "25", "--note", "the best answer")
    assert listed(working)["3"]["points"] == 10
    working("contributions", "override", "stars", answer, "25", "--note", "the best answer", "--past-caps")
    assert listed(working)["3"]["points"] == 25
    working("contributions", "override", "stars", answer, "-7", "--note", "spam")
    assert listed(working)["3"]["points"] == -7
    working("contributions", "override", "stars", answer, status=2)
    working("contributions", "override", "stars", answer, "5", status=2)
    working("contributions", "override", "stars", answer, "--take-back")
    assert listed(working)["3"]["points"] == 1
    working("contributions", "override", "stars", answer, "--take-back", status=1)
    working("ledger", "verify", "stars")


def test_adjustments_may_be_negative_and_count_on_their_day(working: Community) -> None:
    assert working("ledger", "adjust", "stars", "ada", "-5", "--note", "an error").out.endswith("-5 points for ada\n")
    working("ledger", "adjust", "stars", "ada", "12", "--note", "help", "--day", "2026-01-15")
    rows = found(working("ledger", "entries", "stars", "ada", "--json"))
    assert [(one["kind"], one["points"], one["effective_on"]) for one in rows] == [
        ("adjustment", -5, "2026-03-31"),
        ("adjustment", 12, "2026-01-15"),
    ]
    assert found(working("ledger", "balance", "stars", "ada", "--json")) | {"contributions": 0, "points": 7} == found(
        working("ledger", "balance", "stars", "ada", "--json")
    )
    for points in ("0", "1000000000000"):
        working("ledger", "adjust", "stars", "ada", points, "--note", "no", status=2)
    working("ledger", "adjust", "stars", "ada", "1", "--note", " ", status=2)
    working("ledger", "verify", "stars")


def test_boards_are_shown_around_a_member_and_from_the_top(working: Community) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    working("standings", "refresh", "stars")
    ranked = [("ada", 30), ("Ben", 21), ("cleo", 5)]

    def places(*options: str) -> list[tuple[str, int]]:
        shown = found(working("boards", "show", "stars", "points", *options, "--json"))
        return [(row["handle"], row["value"]) for row in shown["rows"]]

    assert places() == ranked
    assert places("--top", "1") == ranked[:1]
    assert places("--around", "BEN") == ranked
    assert places("--as-of", "2026-03-02") == [("ada", 30)]
    assert working("boards", "export", "stars", "points", "--format", "csv", "--out", "-").out.splitlines()[1:] == [
        "1,ada,Ada Lovelace,GB,star,30,2",
        "2,Ben,Ben Bit,FR,star,21,2",
        "3,cleo,Cleo,,,5,1",
    ]
