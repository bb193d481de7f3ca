"""`contributions import`: what a file may look like, what becomes of its rows, and what it says about them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cast import ON_SQLITE, STARS, WORK, Community, counts, found, listed, points_of, written

HEADER = "id,handle,type,title,url,occurred_on,attendees,setting\n"
POST = "id,handle,type,title,occurred_on\n"
PLAIN = "handle,type,title,occurred_on\n"


def bring(
    community: Community, folder: Path, text: str | bytes, *options: str, status: int = 0, name: str = "rows.csv"
) -> dict[str, Any]:
    """The report of an import of these rows."""
    file = written(folder, name, text)
    report: dict[str, Any] = found(
        community("contributions", "import", "stars", file, "--json", *options, status=status)
    )
    return report


def states(community: Community) -> dict[str, str]:
    return {key: row["state"] for key, row in listed(community).items()}


def test_the_shape_of_the_report(stars: Community, tmp_path: Path) -> None:
    report = bring(stars, tmp_path, WORK + "6,zoe,post,Lost,,2026-03-05,,\n6,ada,post,Kept,,2026-03-05,,\n")
    assert list(report) == ["rows", "created", "updated", "unchanged", "refused", "superseded", "approved", "problems",
                            "warnings"]  # fmt: skip
    assert counts(report) == {"rows": 7, "created": 6, "superseded": 1, "approved": 1}
    assert report["problems"] == []
    assert [(one["line"], one["value"]) for one in report["warnings"]] == [(7, "6")]
    report = bring(stars, tmp_path, WORK + "7,zoe,post,Lost,,2026-03-05,,\n", status=1)
    assert counts(report) == {"rows": 6, "unchanged": 5, "refused": 1}
    [problem] = report["problems"]
    assert list(problem) == ["line", "column", "value", "message"]
    assert (problem["line"], problem["column"], problem["value"]) == (7, "handle", "zoe")


def test_the_same_file_twice_changes_nothing(stars: Community, tmp_path: Path) -> None:
    bring(stars, tmp_path, WORK, "--approve")
    before = stars("contributions", "list", "stars", "--json").out, stars("ledger", "entries", "stars", "ada").out
    report = bring(stars, tmp_path, WORK, "--approve")
    assert counts(report) == {"rows": 5, "unchanged": 5}
    assert before == (
        stars("contributions", "list", "stars", "--json").out, stars("ledger", "entries", "stars", "ada").out,
    )  # fmt: skip


def test_an_automatic_type_is_approved_and_the_others_wait(stars: Community, tmp_path: Path) -> None:
    assert counts(bring(stars, tmp_path, WORK)) == {"rows": 5, "created": 5, "approved": 1}
    assert {key for key, state in states(stars).items() if state == "approved"} == {"3"}
    assert counts(bring(stars, tmp_path, WORK, "--approve")) == {"rows": 5, "unchanged": 5, "approved": 4}
    assert set(states(stars).values()) == {"approved"}


def test_a_changed_row_updates_the_contribution_and_its_points(stars: Community, tmp_path: Path) -> None:
    bring(stars, tmp_path, WORK, "--approve")
    changed = WORK.replace("2026-03-01,120,in-person", "2026-03-01,200,virtual").replace("Notes", "More notes")
    assert counts(bring(stars, tmp_path, changed)) == {"rows": 5, "updated": 2, "unchanged": 3}
    assert points_of(stars, "ada") == 25
    assert found(stars("ledger", "balance", "stars", "ada", "--json"))["reach"] == 200
    kinds = [one["kind"] for one in found(stars("ledger", "entries", "stars", "ada", "--json"))]
    assert kinds == ["award", "award", "reversal", "award"]
    stars("ledger", "verify", "stars")


def test_a_row_with_another_handle_moves_the_contribution(stars: Community, tmp_path: Path) -> None:
    bring(stars, tmp_path, WORK, "--approve")
    assert counts(bring(stars, tmp_path, WORK.replace("1,ada,", "1,cleo,"))) == {
        "rows": 5,
        "updated": 1,
        "unchanged": 4,
    }
    assert (points_of(stars, "ada"), points_of(stars, "cleo")) == (5, 30)
    stars("ledger", "verify", "stars")


@pytest.mark.parametrize("verb", ["reject", "withdraw", "reverse"])
def test_what_was_decided_against_stays_so_until_its_row_changes(stars: Community, tmp_path: Path, verb: str) -> None:
    post = POST + "2,ada,post,Notes,2026-03-02\n"
    bring(stars, tmp_path, post, *(["--approve"] if verb == "reverse" else []))
    stars("contributions", verb, "stars", listed(stars)["2"]["id"])
    decided = states(stars)["2"]
    assert counts(bring(stars, tmp_path, post, "--approve")) == {"rows": 1, "unchanged": 1}
    assert states(stars) == {"2": decided}
    changed = post.replace("Notes", "Other notes")
    assert counts(bring(stars, tmp_path, changed)) == {"rows": 1, "updated": 1}
    assert states(stars) == {"2": "submitted"}
    assert counts(bring(stars, tmp_path, changed, "--approve")) == {"rows": 1, "unchanged": 1, "approved": 1}
    assert points_of(stars, "ada") == 5


def test_rows_without_ids_are_told_apart_by_what_they_say_and_their_count(stars: Community, tmp_path: Path) -> None:
    text = PLAIN + "ada,post,Notes,2026-03-02\nADA,post,Notes,2026-03-02\nada,post,Sums,2026-03-02\n"
    assert counts(bring(stars, tmp_path, text)) == {"rows": 3, "created": 3}
    assert counts(bring(stars, tmp_path, text)) == {"rows": 3, "unchanged": 3}
    assert counts(bring(stars, tmp_path, text + "ada,post,Notes,2026-03-02\n")) == {
        "rows": 4,
        "created": 1,
        "unchanged": 3,
    }


@ON_SQLITE
def test_the_later_of_two_rows_with_one_id_wins_in_the_place_of_the_first(stars: Community, tmp_path: Path) -> None:
    """Answers are capped at 10 points a month; those first in line have them."""
    answers = [f"{number},ada,answer,A{number},2026-03-03\n" for number in range(12)]
    text = POST + "".join(answers) + "0,ada,answer,The first,2026-03-03\n"
    report = bring(stars, tmp_path, text)
    assert counts(report) == {"rows": 13, "created": 12, "superseded": 1, "approved": 12}
    assert report["warnings"][0]["line"] == 2
    assert "line 14" in report["warnings"][0]["message"]
    rows = listed(stars)
    assert (rows["0"]["title"], rows["0"]["points"]) == ("The first", 1)
    assert [rows[key]["points"] for key in ("9", "10", "11")] == [1, 0, 0]


@ON_SQLITE
def test_superseded_rows_create_nobody(stars: Community, tmp_path: Path) -> None:
    text = POST + "1,zoe,post,Notes,2026-03-02\n1,yan,post,Notes,2026-03-02\n"
    assert counts(bring(stars, tmp_path, text, "--create-members")) == {"rows": 2, "created": 1, "superseded": 1}
    stars("members", "show", "stars", "zoe", status=2)
    stars("members", "show", "stars", "yan")


@ON_SQLITE
def test_two_sources_may_number_alike(stars: Community, tmp_path: Path) -> None:
    bring(stars, tmp_path, WORK)
    assert counts(bring(stars, tmp_path, WORK, "--source", "forum"))["created"] == 5
    assert len(found(stars("contributions", "list", "stars", "--json"))) == 10


def test_created_members_joined_on_their_earliest_day_in_the_file(stars: Community, tmp_path: Path) -> None:
    text = (
        "id,member_handle,member_name,type,title,date\n1,Zoe,Zoe Z,post,A,2026-03-02\n2,zoe,,post,B,2026-02-01\n"
        "3,yan,,post,C,2026-01-01\n4,xi,Xi,post,D,2026-13-01\n"
    )
    report = bring(stars, tmp_path, text, "--create-members", status=1)
    assert counts(report) == {"rows": 4, "created": 3, "refused": 1}
    rows = {one["handle"]: one for one in found(stars("members", "list", "stars", "--json"))}
    assert (rows["Zoe"]["name"], rows["Zoe"]["joined_on"]) == ("Zoe Z", "2026-02-01")
    assert (rows["yan"]["name"], rows["yan"]["joined_on"]) == ("yan", "2026-01-01")
    assert "xi" not in rows
    bring(stars, tmp_path, POST + "9,zoe,post,Older,2025-01-01\n", "--create-members")
    assert found(stars("members", "show", "stars", "zoe", "--json"))["joined_on"] == "2026-02-01"


def test_strict_takes_all_rows_or_none(stars: Community, tmp_path: Path) -> None:
    for bad in ("6,zoe,post,Lost,,2026-03-05,,\n", "6,ada,post,Lost,,2026-02-30,,\n"):
        report = bring(stars, tmp_path, WORK + bad, "--strict", status=1)
        assert counts(report) == {"rows": 6, "refused": 1}
        assert listed(stars) == {}
    assert counts(bring(stars, tmp_path, WORK, "--strict"))["created"] == 5


def test_a_rehearsal_says_all_and_changes_nothing(stars: Community, tmp_path: Path) -> None:
    text = WORK + "6,zoe,post,New,,2026-03-05,,\n7,ada,song,Lost,,2026-03-05,,\n"
    report = bring(stars, tmp_path, text, "--dry-run", "--create-members", "--approve", status=1)
    assert counts(report) == {"rows": 7, "created": 6, "refused": 1, "approved": 6}
    assert listed(stars) == {}
    stars("members", "show", "stars", "zoe", status=2)
    assert points_of(stars, "ada") == 0


@ON_SQLITE
def test_columns_under_other_names(stars: Community, tmp_path: Path) -> None:
    text = "Nr;Who;What;title;Day\n1;ada;Blog;Notes;03/02/2026\n"
    options = ["--map", "Nr=id", "--map", "Who=handle", "--map", "What=type", "--map", "Day=occurred_on"]
    bring(
        stars, tmp_path, text, *options, "--type-map", "Blog=post", "--date-format", "%m/%d/%Y", "--set", "language=fra"
    )
    row = listed(stars)["1"]
    assert (row["handle"], row["type"], row["occurred_on"], row["language"]) == ("ada", "post", "2026-03-02", "fr")


@ON_SQLITE
def test_an_explicit_name_beats_an_alias(stars: Community, tmp_path: Path) -> None:
    text = "id,handle,type,title,date,really\n1,ada,post,Notes,2026-03-02,2026-03-05\n"
    bring(stars, tmp_path, text, "--map", "really=occurred_on")
    assert listed(stars)["1"]["occurred_on"] == "2026-03-05"
    bring(stars, tmp_path, text, "--map", "really=description", "--set", "occurred_on=2026-03-06")
    assert listed(stars)["1"]["occurred_on"] == "2026-03-06"


@ON_SQLITE
@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("id,handle,type,title,date,occurred_on", []),
        ("id,handle,member_handle,type,title,date", []),
        ("id,handle,type,title,date,reach,attendees", []),
        ("id,handle,type,title,date", ["--map", "nowhere=url"]),
        ("id,handle,type,title,date", ["--map", "title=heading"]),
        ("id,handle,type,title,date", ["--map", "title"]),
        ("id,handle,type,title,date", ["--set", "title=Notes"]),
        ("id,handle,type,title,date", ["--set", "heading=Notes"]),
        ("id,handle,type,title,date", ["--type-map", "Blog=blog"]),
        ("id,handle,type,title,date", ["--type-map", "Blog"]),
        ("id,handle,type,title,date", ["--date-format", "on %Y"]),
        ("id,handle,type,title,date", ["--source-timezone", "Mars/Olympus"]),
        ("id,handle,type,title,date", ["--source", " "]),
    ],
)
def test_wrong_use(stars: Community, tmp_path: Path, header: str, options: list[str]) -> None:
    file = written(tmp_path, "rows.csv", f"{header}\n1,ada,post,Notes,2026-03-02\n")
    ran = stars("contributions", "import", "stars", file, *options, status=2)
    assert (ran.out, bool(ran.err)) == ("", True)
    assert listed(stars) == {}


@ON_SQLITE
def test_reach_stands_for_the_field_that_is_marked(stars: Community, tmp_path: Path) -> None:
    text = HEADER.replace("attendees", "reach") + (
        "1,ada,talk,T,https://example.org/1,2026-03-01,300.0,virtual\n"
        "2,ada,post,P,,2026-03-01,5,\n3,ada,post,P,,2026-03-01,,\n4,ada,talk,T,https://example.org/1,2026-03-01,2.5,virtual\n"
    )
    report = bring(stars, tmp_path, text, status=1)
    assert [(one["line"], one["column"]) for one in report["problems"]] == [(3, "reach"), (5, "reach")]
    assert listed(stars)["1"]["fields"]["attendees"] == 300


@ON_SQLITE
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T23:30", "2026-03-02"),
        ("2026-03-02 23:30:15.123456", "2026-03-02"),
        ("2026-03-02T23:30:00Z", "2026-03-02"),
        ("2026-03-02T23:30:00-05:00", "2026-03-03"),
        ("2026-03-02 23:30:00 UTC", "2026-03-02"),
        ("2026-03-31T23:59:59+14:00", "2026-03-31"),
        ("2026-3-2", None),
        ("2026", None),
        ("2026-03", None),
        ("2025-02-30", None),
        ("2026-03-02T10:00+518:00", None),
        ("2026-03-02T24:30", None),
        ("2026-04-01", None),
        ("2026-03-31T23:59:59-14:00", None),
        ("02/03/2026", None),
        ("", None),
    ],
)
def test_days(stars: Community, tmp_path: Path, text: str, day: str | None) -> None:
    report = bring(stars, tmp_path, POST + f"1,ada,post,Notes,{text}\n", status=0 if day else 1)
    if day:
        assert listed(stars)["1"]["occurred_on"] == day
    else:
        assert [one["column"] for one in report["problems"]] == ["occurred_on"]
        assert "accepted" in report["problems"][0]["message"] or report["problems"][0]["message"] == "required"


@ON_SQLITE
def test_instants_without_offset_are_local_unless_the_source_has_a_zone(stars: Community, tmp_path: Path) -> None:
    text = POST + "1,ada,post,Notes,2026-03-02 23:30:00\n2,ada,post,Notes,2026-03-02T23:30:00Z\n"
    bring(stars, tmp_path, text, "--source-timezone", "America/New_York")
    rows = listed(stars)
    assert (rows["1"]["occurred_on"], rows["2"]["occurred_on"]) == ("2026-03-03", "2026-03-02")


@ON_SQLITE
def test_languages_and_links_in_their_normal_form(stars: Community, tmp_path: Path) -> None:
    text = "id,handle,type,title,occurred_on,language,url\n" + "".join(
        f"{number},ada,post,Notes,2026-03-02,{language},{url}\n"
        for number, (language, url) in enumerate(
            [("fra", "https://example.org/a b"), ("French", "HTTP://example.org"), ("Glubbish", ""), ("", "ftp://x.org"),
             ("", "https://"), ("", "https://example.org/" + "x" * 2000), ("", "javascript:alert(1)")]
        )
    )  # fmt: skip
    report = bring(stars, tmp_path, text, status=1)
    rows = listed(stars)
    assert [rows[key]["language"] for key in ("0", "1", "2")] == ["fr", "fr", "Glubbish"]
    assert rows["0"]["url"] == "https://example.org/a%20b"
    assert [(one["line"], one["column"]) for one in report["problems"]] == [(line, "url") for line in (5, 6, 7, 8)]
    assert [(one["line"], one["column"]) for one in report["warnings"]] == [(4, "language")]


@ON_SQLITE
def test_further_columns_are_named_once_and_ignored(stars: Community, tmp_path: Path) -> None:
    text = "id,handle,type,title,occurred_on,mood,weather\n" + "".join(
        f"{number},ada,post,Notes,2026-03-02,good,rain\n" for number in range(3)
    )
    [warning] = bring(stars, tmp_path, text)["warnings"]
    assert (warning["line"], warning["value"]) == (None, "mood, weather")


FEW = POST + "1,ada,post,Notes,2026-03-02\n2,ben,post,Été,2026-03-03\n"


@ON_SQLITE
@pytest.mark.parametrize(
    "data",
    [
        FEW.encode("utf-8-sig"),
        FEW.replace("\n", "\r\n").encode(),
        FEW.replace("\n", "\r").encode(),
        FEW.replace(",", ";").encode(),
        FEW.removesuffix("\n").encode(),
        FEW.replace("Notes", '"Notes"').encode(),
        FEW.replace("\n", "\n\n").encode(),
        gzip.compress(FEW.encode()),
        "".join(
            json.dumps(dict(zip(POST.strip().split(","), line.split(","), strict=True))) + "\n"
            for line in FEW.splitlines()[1:]
        ).encode(),
    ],
    ids=["mark", "crlf", "cr", "semicolon", "no-end", "quotes", "blank-lines", "gzip", "json-lines"],
)
def test_every_accepted_shape(stars: Community, tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(bring(stars, tmp_path, data)) == {"rows": 2, "created": 2}
    assert {row["title"] for row in listed(stars).values()} == {"Notes", "Été"}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert counts(found(stars("contributions", "import", "stars", "-", "--json"))) == {"rows": 2, "unchanged": 2}


@ON_SQLITE
def test_several_files_in_one_go(stars: Community, tmp_path: Path) -> None:
    first = written(tmp_path, "first.csv", POST + "1,ada,post,Notes,2026-03-02\n")
    second = written(tmp_path, "second.csv", POST + "2,zoe,post,Notes,2026-03-02\n")
    ran = stars("contributions", "import", "stars", second, first, status=1)
    assert ran.out == "1 rows: 1 refused\n1 rows: 1 created\n"
    assert list(listed(stars)) == ["1"]


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a million columns": (b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n1,2\n", "1 MB"),
    "many columns": (b",".join(b"c%d" % number for number in range(2_000)) + b"\n1,2\n", "2000 columns"),
    "duplicate headers": (b"id,handle,type,title,title,date\n1,ada,post,A,B,2026-03-02\n", "title"),
    "an unclosed quote": ((POST + '1,ada,post,"Notes,2026-03-02\n').encode() + b"2,ada,post,N,2026-03-02\n" * 20_000,
                          "quote"),
    "a cell of 10 MB": ((POST + "1,ada,post,").encode() + b"x" * 10_000_000 + b",2026-03-02\n", "1 MB"),
    "a cell of 10 MB in lines": ((POST + '1,ada,post,"').encode() + b"x\n" * 5_000_000 + b'",2026-03-02\n', "cell"),
    "half of a gzip": (gzip.compress(WORK.encode() * 100)[:-30], "gzip"),
    "a spreadsheet": (b"PK\x03\x04" + b"\x00" * 100, "spreadsheet"),
    "Latin-1": (POST.encode() + "1,ada,post,Été,2026-03-02\n".encode("latin-1"), "UTF-8"),
    "UTF-16": (POST.encode("utf-16"), "UTF-16"),
    "a JSON list": (b"[]\n", "JSON Lines"),
}  # fmt: skip


@ON_SQLITE
@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_trusted_is_refused_whole(stars: Community, tmp_path: Path, name: str) -> None:
    data, words = HOSTILE[name]
    file = written(tmp_path, "rows.csv", data)
    file.write_bytes(data)
    ran = stars("contributions", "import", "stars", file, status=1)
    assert ran.out == ""
    assert words in ran.err
    assert len(ran.err) < 1_000
    assert listed(stars) == {}


@ON_SQLITE
def test_hostile_cells_are_bad_rows_and_the_rest_goes_in(stars: Community, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"handle": "ada", "title": "a\u0000b"},
        {"handle": "ada", "title": "\ud800"},
        {"handle": "a da", "title": "Notes"},
        {"handle": "x" * 101, "title": "Notes"},
        {"handle": "ada", "title": "x" * 501},
        {"handle": "ada", "title": ["Notes"]},
        {"handle": "ada", "title": "   "},
        {"handle": "ada", "title": "Good \u202e text"},
    ]
    text = "".join(json.dumps({"type": "post", "occurred_on": "2026-03-02", **row}) + "\n" for row in rows)
    report = bring(stars, tmp_path, text, status=1)
    assert counts(report) == {"rows": 8, "created": 1, "refused": 7}
    columns = [(one["line"], one["column"]) for one in report["problems"]]
    assert columns == [
        (1, "title"),
        (2, "title"),
        (3, "handle"),
        (4, "handle"),
        (5, "title"),
        (6, "title"),
        (7, "title"),
    ]


@ON_SQLITE
def test_a_row_of_several_lines_is_told_by_the_line_where_it_begins(stars: Community, tmp_path: Path) -> None:
    rows = '1,ada,post,Notes,2026-03-02,"one\ntwo\nthree"\n2,ada,post,Notes,2026-02-30,"one\ntwo"\n'
    more = "3,ada,song,Notes,2026-03-02,\n4,ada,post,Notes\n"
    text = f"id,handle,type,title,occurred_on,description\n{rows}{more}"
    report = bring(stars, tmp_path, text, status=1)
    assert [one["line"] for one in report["problems"]] == [5, 7, 8]
    assert listed(stars)["1"]["description"] == "one\ntwo\nthree"


@ON_SQLITE
def test_many_problems_are_all_in_a_file_beside_the_input(stars: Community, tmp_path: Path) -> None:
    text = POST + "".join(f"{number},ada,song,=Notes,2026-03-02\n" for number in range(300))
    file = written(tmp_path, "rows.csv", text)
    ran = stars("contributions", "import", "stars", file, status=1)
    assert ran.out == "300 rows: 300 refused\n"
    assert ran.err.count("\nline ") == 19
    assert str(file) in ran.err
    with (tmp_path / "rows.csv.problems.csv").open(encoding="utf-8", newline="") as opened:
        problems = list(csv.DictReader(opened))
    assert [one["line"] for one in problems] == [str(line) for line in range(2, 302)]
    assert problems[0]["column"] == "type"
    assert "accepted: talk, post, answer" in problems[0]["message"]


def test_a_link_that_a_type_must_or_must_not_have(stars: Community, tmp_path: Path) -> None:
    book = STARS.replace("key: answer, name: Answer, evidence: optional", "key: answer, name: Answer, evidence: none")
    stars("programme", "apply", written(tmp_path, "book.yaml", book), "--yes")
    text = HEADER + (
        "1,ada,talk,T,,2026-03-01,,virtual\n2,ada,answer,A,https://example.org,2026-03-01,,\n3,ada,talk,T,https://example.org,2026-03-01,,\n"
    )
    report = bring(stars, tmp_path, text, status=1)
    assert [(one["line"], one["column"]) for one in report["problems"]] == [(2, "url"), (3, "url"), (4, "setting")]
