"""`members import`: who comes in, with what, and with the tiers and locks that they bring along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cast import ON_SQLITE, WORK, Community, counts, found, standing_of, written


def bring(community: Community, folder: Path, text: str, *options: str, status: int = 0) -> dict[str, Any]:
    """The report of an import of these rows."""
    file = written(folder, "people.csv", text)
    report: dict[str, Any] = found(community("members", "import", "stars", file, "--json", *options, status=status))
    return report


def shown(community: Community, handle: str) -> dict[str, Any]:
    member: dict[str, Any] = found(community("members", "show", "stars", handle, "--json"))
    return member


def test_who_came_in(stars: Community) -> None:
    assert shown(stars, "ADA") == {
        "handle": "ada", "name": "Ada Lovelace", "email": "ada@example.org", "country": "GB", "joined_on": "2024-01-05",
        "status": "active", "return_on": None, "left_on": None, "on_boards": True, "attributes": {"city": "London"},
    }  # fmt: skip
    assert [one["handle"] for one in found(stars("members", "list", "stars", "--json"))] == ["ada", "Ben", "cleo"]


def test_a_handle_is_enough_and_the_aliases_hold(stars: Community, tmp_path: Path) -> None:
    report = bring(stars, tmp_path, "member_handle,member_name,joined\nzoe,,2026\nyan,Yan Y,2025-11\nxi,Xi,\n")
    assert counts(report) == {"rows": 3, "created": 3}
    assert [one["line"] for one in report["warnings"]] == [2, 3]
    rows = [shown(stars, handle) for handle in ("zoe", "yan", "xi")]
    assert [(one["name"], one["joined_on"]) for one in rows] == [
        ("zoe", "2026-01-01"), ("Yan Y", "2025-11-01"), ("Xi", "2026-03-31"),
    ]  # fmt: skip


def test_the_same_file_twice_changes_nothing_and_what_is_not_given_stays(stars: Community, tmp_path: Path) -> None:
    text = "handle,name,country,city\nada,Ada L.,,\nben,,Germany,Bonn\n"
    assert counts(bring(stars, tmp_path, text)) == {"rows": 2, "updated": 2}
    assert counts(bring(stars, tmp_path, text)) == {"rows": 2, "unchanged": 2}
    ada, ben = shown(stars, "ada"), shown(stars, "Ben")
    assert (ada["name"], ada["country"], ada["attributes"]) == ("Ada L.", "GB", {"city": "London"})
    assert (ben["handle"], ben["name"], ben["country"], ben["attributes"]) == ("ben", "Ben Bit", "DE", {"city": "Bonn"})


@ON_SQLITE
def test_of_two_rows_with_one_folded_handle_the_later_wins(stars: Community, tmp_path: Path) -> None:
    report = bring(stars, tmp_path, "handle,name\nZOE,First\nyan,Yan\nzoe,Second\n\uff3aoe,Third\n")
    assert counts(report) == {"rows": 4, "created": 2, "superseded": 2}
    assert [(one["line"], one["rows"]) for one in report["warnings"]] == [(2, 2)]
    assert shown(stars, "zoe")["name"] == "Third"


@ON_SQLITE
@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        ("handle", "", "handle"),
        ("handle", "a b", "handle"),
        ("handle", "x" * 101, "handle"),
        ("email", "nowhere", "email"),
        ("joined_on", "2026-04-01", "joined_on"),
        ("joined_on", "2025-02-30", "joined_on"),
        ("joined_on", "2026-3-1", "joined_on"),
        ("joined_on", "26", "joined_on"),
        ("status", "asleep", "status"),
        ("status", "on_leave", "return_on"),
        ("on_boards", "perhaps", "on_boards"),
        ("tier", "comet", "tier"),
        ("tier_since", "2026-01-01", "tier_since"),
        ("locked", "perhaps", "locked"),
        ("left_on", "2026-04-01", "left_on"),
    ],
)
def test_a_bad_row_names_its_column(stars: Community, tmp_path: Path, header: str, row: str, column: str) -> None:
    text = f"{header},name\n{row},Zoe\n" if header == "handle" else f"handle,{header}\nzoe,{row}\n"
    report = bring(stars, tmp_path, text + ("yan,\n" if header != "handle" else "yan,Yan\n"), status=1)
    assert counts(report) == {"rows": 2, "created": 1, "refused": 1}
    assert [(one["line"], one["column"]) for one in report["problems"]] == [(2, column)]
    stars("members", "show", "stars", "zoe", status=2)


@ON_SQLITE
@pytest.mark.parametrize(
    ("text", "on_boards"),
    [("true", True), ("FALSE", False), ("Yes", True), ("no", False), ("1", True), ("0", False), ("", True)],
)
def test_booleans(stars: Community, tmp_path: Path, text: str, on_boards: bool) -> None:
    bring(stars, tmp_path, f"handle,on_boards\nzoe,{text}\n")
    assert shown(stars, "zoe")["on_boards"] is on_boards


@ON_SQLITE
def test_countries_by_code_name_or_alias(stars: Community, tmp_path: Path) -> None:
    names = ["FR", "fra", "France", "UK", "United Kingdom", "USA", "The Netherlands", "Brasil", "Atlantis"]
    report = bring(stars, tmp_path, "handle,country\n" + "".join(f"m{n},{name}\n" for n, name in enumerate(names)))
    assert [shown(stars, f"m{number}")["country"] for number in range(9)] == [
        "FR", "FR", "FR", "GB", "GB", "US", "NL", "BR", "Atlantis",
    ]  # fmt: skip
    assert [(one["line"], one["column"]) for one in report["warnings"]] == [(10, "country")]


def test_a_status_holds_from_the_import_on(stars: Community, tmp_path: Path) -> None:
    text = "handle,status,return_on,left_on\nada,on_leave,2026-07-01,\nben,left,,2026-02-01\nzoe,alumni,,\n"
    assert counts(bring(stars, tmp_path, text)) == {"rows": 3, "created": 1, "updated": 2}
    assert (shown(stars, "ada")["status"], shown(stars, "ada")["return_on"]) == ("on_leave", "2026-07-01")
    assert (shown(stars, "ben")["status"], shown(stars, "ben")["left_on"]) == ("left", "2026-02-01")
    assert counts(bring(stars, tmp_path, text)) == {"rows": 3, "unchanged": 3}
    stars("contributions", "import", "stars", written(tmp_path, "work.csv", WORK), "--approve")
    stars("standings", "refresh", "stars")
    assert standing_of(stars, "ada")["tier"] == "star"
    assert standing_of(stars, "Ben" if shown(stars, "ben")["handle"] == "Ben" else "ben")["tier"] is None


def test_tiers_and_locks_come_along(stars: Community, tmp_path: Path) -> None:
    file_rows = "ada,star,2026-01-15,\nben,giant,,yes\ncleo,,,2026-06-30\nzoe,star,2026-02-01,no\n"
    text = f"handle,tier,tier_since,locked\n{file_rows}"
    assert counts(bring(stars, tmp_path, text)) == {"rows": 4, "created": 1, "updated": 3}
    rows = {
        one["handle"]: (one["tier"], one["since"], one["locked"])
        for one in found(stars("standings", "list", "stars", "--json"))
    }
    assert rows == {
        "ada": ("star", "2026-01-15", False),
        "ben": ("giant", "2026-03-31", True),
        "cleo": (None, None, True),
        "zoe": ("star", "2026-02-01", False),
    }
    assert counts(bring(stars, tmp_path, text)) == {"rows": 4, "unchanged": 4}
    stars("standings", "refresh", "stars")
    assert standing_of(stars, "ada")["at_risk_since"] == "2026-03-31"
    assert (standing_of(stars, "ben")["tier"], standing_of(stars, "ben")["at_risk_since"]) == ("giant", None)
    stars("ledger", "verify", "stars")
    back = found(stars("standings", "explain", "stars", "ada", "--as-of", "2026-01-10", "--json"))
    assert back["tier"] is None


def test_strict_and_rehearsal(stars: Community, tmp_path: Path) -> None:
    text = "handle,tier\nzoe,star\na b,\n"
    assert counts(bring(stars, tmp_path, text, "--strict", status=1)) == {"rows": 2, "refused": 1}
    assert counts(bring(stars, tmp_path, text, "--dry-run", status=1)) == {"rows": 2, "created": 1, "refused": 1}
    stars("members", "show", "stars", "zoe", status=2)


@ON_SQLITE
def test_columns_under_other_names_and_constant_ones(stars: Community, tmp_path: Path) -> None:
    text = "Login;Since;Town\nzoe;31.12.2025;Bonn\n"
    options = (
        "--map",
        "Login=handle",
        "--map",
        "Since=joined_on",
        "--date-format",
        "%d.%m.%Y",
        "--set",
        "country=Germany",
    )
    bring(stars, tmp_path, text, *options)
    zoe = shown(stars, "zoe")
    assert (zoe["joined_on"], zoe["country"], zoe["attributes"]) == ("2025-12-31", "DE", {"Town": "Bonn"})
    for wrong in (
        ["--map", "Login=nickname"],
        ["--map", "Nick=handle"],
        ["--set", "handle=zoe", "--map", "Login=handle"],
    ):
        file = written(tmp_path, "people.csv", text)
        assert stars("members", "import", "stars", file, *wrong, status=2).out == ""
    both = written(tmp_path, "both.csv", "handle,member_handle\nzoe,zoe\n")
    stars("members", "import", "stars", both, status=2)


@ON_SQLITE
def test_json_lines(stars: Community, tmp_path: Path) -> None:
    rows = [
        {"handle": "zoe", "on_boards": False, "team": 7},
        {"handle": "yan", "joined_on": "2026-01-02", "notes": None},
    ]
    assert counts(bring(stars, tmp_path, "".join(json.dumps(row) + "\n" for row in rows))) == {"rows": 2, "created": 2}
    assert (shown(stars, "zoe")["on_boards"], shown(stars, "zoe")["attributes"]) == (False, {"team": "7"})
    assert shown(stars, "yan")["attributes"] == {}


def test_handles_are_one_when_folded_also_for_contributions(stars: Community, tmp_path: Path) -> None:
    bring(stars, tmp_path, "handle\nStraße\n\ufb01ona\n")
    text = "id,handle,type,title,occurred_on\n1,STRASSE,post,Notes,2026-03-01\n2,fiona,post,Notes,2026-03-01\n"
    file = written(tmp_path, "posts.csv", text)
    assert counts(found(stars("contributions", "import", "stars", file, "--json"))) == {"rows": 2, "created": 2}
    assert {one["handle"] for one in found(stars("contributions", "list", "stars", "--json"))} == {
        "Straße",
        "\ufb01ona",
    }


def test_members_who_wish_so_stand_on_no_board(stars: Community, tmp_path: Path) -> None:
    stars("contributions", "import", "stars", written(tmp_path, "work.csv", WORK), "--approve")
    bring(stars, tmp_path, "handle,on_boards\nada,no\n")
    stars("standings", "refresh", "stars")
    rows = found(stars("boards", "show", "stars", "points", "--json"))["rows"]
    assert [(row["rank"], row["handle"]) for row in rows] == [(1, "Ben"), (2, "cleo")]
