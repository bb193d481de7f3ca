"""`programme plan | apply | export` and `presets`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from community.programmes import presets
from tests.cli.cast import ON_SQLITE, STARS, Community, found, points_of, standing_of, written

DEARER = STARS.replace("{base: 5}", "{base: 8}")
EASIER = STARS.replace("min: 20, window: 90d", "min: 10, window: 90d")


def test_the_same_meaning_is_no_new_version(stars: Community, tmp_path: Path) -> None:
    same = written(
        tmp_path, "same.yaml", STARS.replace("# Comments are kept.\n", "").replace("{base: 5}", "{'base': 5}")
    )
    assert "no change" in stars("programme", "apply", same, "--yes").out
    assert [one["number"] for one in found(stars("programme", "versions", "stars", "--json"))] == [1]


def test_export_is_the_text_as_applied_and_applying_it_is_no_change(stars: Community, tmp_path: Path) -> None:
    exported = stars("programme", "export", "stars").out
    assert exported == STARS
    assert "no change" in stars("programme", "apply", written(tmp_path, "again.yaml", exported), "--yes").out
    stars("programme", "apply", written(tmp_path, "dearer.yaml", DEARER), "--yes")
    assert stars("programme", "export", "stars").out == DEARER
    assert stars("programme", "export", "stars", "--version", "1").out == STARS
    back = stars("programme", "apply", written(tmp_path, "back.yaml", STARS), "--yes").out
    assert "version 3 is in force" in back


@ON_SQLITE
def test_without_a_terminal_apply_needs_yes(stars: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ran = stars("programme", "apply", written(tmp_path, "dearer.yaml", DEARER), status=2)
    assert (ran.out, "--yes" in ran.err) == ("", True)
    assert stars("programme", "export", "stars").out == STARS


@ON_SQLITE
@pytest.mark.parametrize(("answer", "status", "version"), [("y", 0, 2), ("n", 1, 1)])
def test_on_a_terminal_apply_shows_the_plan_and_asks(
    stars: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int, version: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    ran = stars("programme", "apply", written(tmp_path, "dearer.yaml", DEARER), status=status)
    assert "rules that would change" in ran.out
    assert found(stars("programme", "list", "--json"))[0]["version"] == version


@ON_SQLITE
def test_a_book_comes_in_by_standard_input(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STARS.encode())))
    assert "version 1" in community("programme", "apply", "-", "--yes").out


@ON_SQLITE
def test_all_errors_of_a_book_at_once_with_file_line_and_path(community: Community, tmp_path: Path) -> None:
    book = written(
        tmp_path, "bad.yaml",
        STARS.replace("min: 20, window: 90d", "min: 20, window: 90x").replace("types: [answer]", "types: [anser]")
        .replace("evidence: required", "evidense: required"),
    )  # fmt: skip
    for command in (("plan", book), ("apply", book, "--yes")):
        ran = community("programme", *command, status=1)
        assert ran.out == ""
        lines = ran.err.splitlines()
        assert len(lines) == 3
        for told, line, path, accepted in zip(
            lines,
            (7, 18, 20),
            ("contribution_types[0].evidense", "caps[0].types[0]", "tiers[0].gain.window"),
            ("did you mean `evidence`?", "talk, post, answer", "1d to 36500d"),
            strict=True,
        ):
            assert told.startswith(f"{book}:{line}: {path}: found ")
            assert accepted in told.partition("; accepted: ")[2]
    assert found(community("programme", "list", "--json")) == []


@ON_SQLITE
def test_warnings_go_to_standard_error_and_stop_nothing(community: Community, tmp_path: Path) -> None:
    falling = STARS.replace(
        "promotion: manual, gain: {metric: points, min: 60}", "gain: {metric: points, min: 6, window: 90d}"
    )
    ran = community("programme", "apply", written(tmp_path, "falling.yaml", falling), "--yes")
    assert "warning: " in ran.err
    assert "warning" not in ran.out


def test_a_plan_shows_rules_and_people_and_changes_nothing(working: Community, tmp_path: Path) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    working("standings", "refresh", "stars")
    assert standing_of(working, "ada")["tier"] == "star"
    book = written(tmp_path, "easier.yaml", EASIER.replace("{base: 5}", "{base: 11}"))
    made = found(working("programme", "plan", book, "--json"))
    assert (made["slug"], made["new"], made["day"]) == ("stars", False, "2026-03-31")
    assert made["people"] == []
    assert made["repriced"] is None
    assert made["rules"]
    made = found(working("programme", "plan", book, "--retroactive", "--json"))
    assert made["repriced"] == {"members": 2, "points_up": 12, "points_down": 0}
    [cleo] = made["people"]
    assert (cleo["handle"], cleo["what"]) == ("cleo", "promoted")
    shown = working("programme", "plan", book, "--retroactive").out
    assert "cleo: none → star" in shown
    assert "Points of 2 members would change: 12 up, 0 down." in shown
    assert points_of(working, "cleo") == 5
    assert found(working("programme", "list", "--json"))[0]["version"] == 1


def test_retroactive_prices_anew_and_without_it_what_was_approved_keeps_its_price(
    working: Community, tmp_path: Path
) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    dearer = written(tmp_path, "dearer.yaml", DEARER)
    working("programme", "apply", dearer, "--yes")
    assert points_of(working, "cleo") == 5
    dearest = written(tmp_path, "dearest.yaml", STARS.replace("{base: 5}", "{base: 9}"))
    assert "2 awards changed" in working("programme", "apply", dearest, "--yes", "--retroactive").out
    assert points_of(working, "cleo") == 9
    working("ledger", "verify", "stars")


@pytest.mark.parametrize("name", presets.names())
def test_each_preset_applies_and_comes_back_as_it_was(community: Community, tmp_path: Path, name: str) -> None:
    text = community("presets", "show", name).out
    assert "Source" in text.split("\nformat:")[0]
    book = written(tmp_path, "book.yaml", text)
    assert "version 1 is in force" in community("programme", "apply", book, "--yes").out
    [programme] = found(community("programme", "list", "--json"))
    assert community("programme", "export", programme["slug"]).out == text


@ON_SQLITE
def test_the_presets_that_ship(community: Community) -> None:
    listed = community("presets", "list").out
    for name in ("aces", "local-guides", "stack-exchange", "gitlab", "odoo-karma", "gainsight-champion",
                 "cncf-ambassadors", "oracle-ace-2017-style", "discourse-trust", "mvp-cycle"):  # fmt: skip
        assert name in listed
