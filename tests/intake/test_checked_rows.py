"""From a file to checked rows and a report: what is refused, what is warned of, and how both are told."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from community.contributions.forms import ContributionForms
from community.intake.files.contribution_rows import ContributionRow, checked_contributions, contribution_columns
from community.intake.files.layout import naming
from community.intake.files.member_rows import CheckedMember, checked_members, member_columns
from community.intake.files.reader import open_rows
from community.intake.files.report import Report, lines, write_json, write_problems
from community.kit.cells import Finding
from community.kit.days import DayReader
from community.kit.errors import UsageError
from community.members.forms import MemberForm
from community.programmes.book import Book

TODAY = date(2026, 6, 1)
DAYS = DayReader("Europe/Paris")
BOOK = Book.model_validate(
    {
        "format": 1,
        "programme": {"slug": "aces", "name": "Aces", "timezone": "Europe/Paris", "locale": "fr"},
        "contribution_types": [
            {
                "key": "talk",
                "name": "Talk",
                "fields": [{"key": "attendees", "name": "Attendees", "type": "integer", "reach": True}],
            },
            {"key": "post", "name": "Post"},
        ],
    }
)


def contributions(folder: Path, text: str, maps: list[str] | None = None) -> tuple[list[ContributionRow], Report]:
    path = folder / "contributions.csv"
    path.write_text(text, encoding="utf-8")
    report = Report()
    columns = contribution_columns(BOOK, naming(maps or [], []))
    with open_rows(str(path)) as rows:
        return list(checked_contributions(rows, columns, ContributionForms(BOOK, DAYS, TODAY), report)), report


def members(folder: Path, text: str) -> tuple[list[CheckedMember], Report]:
    path = folder / "members.csv"
    path.write_text(text, encoding="utf-8")
    report = Report()
    with open_rows(str(path)) as rows:
        form = MemberForm(("pro",), DAYS, TODAY)
        return list(checked_members(rows, member_columns(naming([], [])), form, report)), report


def as_json(report: Report) -> dict[str, Any]:
    out = io.StringIO()
    write_json(report, out)
    found = json.loads(out.getvalue())
    assert isinstance(found, dict)
    return found


FILE = """id,member_handle,member_name,type,title,date,attendees,venue,size
1,Ada,Ada L.,talk,One,2026-01-02,40,Paris,big
2,,,talk,,2026-1-2,many,,
3,ben,,post,"Two
lines",2026-01-03T23:30Z,,,
4,ben,,post,Three,2026-01-04,7,,
5,ben,,post
"""


def test_good_rows_go_on_and_bad_ones_are_told_with_line_column_value_and_what_is_accepted(tmp_path: Path) -> None:
    rows, report = contributions(tmp_path, FILE)
    assert [(row.line, row.external_id, row.folded, row.content.occurred_on.isoformat()) for row in rows] == [
        (2, "1", "ada", "2026-01-02"),
        (4, "3", "ben", "2026-01-04"),
        (6, "4", "ben", "2026-01-04"),
    ]
    assert rows[0].member_name == "Ada L."
    found = as_json(report)
    assert (found["rows"], found["refused"]) == (5, 2)
    assert [(one["line"], one["column"], one["value"]) for one in found["problems"]] == [
        (3, "member_handle", ""),
        (3, "title", ""),
        (3, "date", "2026-1-2"),
        (3, "attendees", "many"),
        (7, "", "5,ben,,post"),
    ]
    assert all(one["message"] for one in found["problems"])


def test_columns_that_are_no_field_are_named_once_and_those_of_other_types_where_they_hold_something(
    tmp_path: Path,
) -> None:
    _, report = contributions(tmp_path, FILE)
    assert [(one["line"], one["column"], one["value"], one["rows"]) for one in as_json(report)["warnings"]] == [
        (None, "", "venue, size", 1),
        (6, "attendees", "", 1),
    ]


def test_rows_without_an_id_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    text = "handle,type,title,date\nada,post,One,2026-01-02\nADA,post, One ,2026-01-02T10:00\nben,post,One,2026-01-02\n"
    rows, _ = contributions(tmp_path, text)
    assert rows[0].key == rows[1].key != rows[2].key
    assert isinstance(rows[0].key, bytes)


def test_reach_and_the_field_that_it_stands_for_cannot_both_be_columns(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="stand for one field"):
        contributions(tmp_path, "handle,type,title,date,reach,attendees\n")
    rows, _ = contributions(tmp_path, "handle,type,title,date,reach\nada,talk,One,2026-01-02,40\n")
    assert rows[0].content.fields == {"attendees": 40}


def test_json_lines_may_name_other_columns_in_each_row(tmp_path: Path) -> None:
    text = '{"handle": "ada", "type": "post", "title": "One", "date": "2026-01-02"}\n'
    text += '{"member_handle": "ben", "type": "talk", "title": "Two", "occurred_on": "2026-01-03", "reach": 12, '
    text += '"x": []}\n'
    rows, report = contributions(tmp_path, text)
    assert [row.handle for row in rows] == ["ada", "ben"]
    assert rows[1].content.fields == {"attendees": 12}
    assert [one["value"] for one in as_json(report)["warnings"]] == ["x"]
    with pytest.raises(UsageError, match="handle: given twice"):
        contributions(tmp_path, '{"handle": "ada", "member_handle": "ada"}\n')


def test_half_a_surrogate_pair_in_json_is_a_bad_row_that_can_be_shown(tmp_path: Path) -> None:
    rows, report = contributions(tmp_path, '{"handle":"ada","type":"post","title":"\\ud83d","date":"2026-01-02"}\n')
    assert rows == []
    assert as_json(report)["problems"][0]["value"] == "\\ud83d"


def test_members_keep_further_columns_as_attributes(tmp_path: Path) -> None:
    text = "member_handle,member_name,joined,github,country,status\n"
    text += "ada,Ada,2019,ada-l,UK,\nben,Ben,2020-01-02,,,retired\n"
    rows, report = members(tmp_path, text)
    assert [(row.line, row.member.folded, row.member.joined_on, row.member.attributes) for row in rows] == [
        (2, "ada", date(2019, 1, 1), {"github": "ada-l"})
    ]
    found = as_json(report)
    assert [(one["line"], one["column"], one["value"]) for one in found["problems"]] == [(3, "status", "retired")]
    assert [(one["line"], one["column"], one["value"]) for one in found["warnings"]] == [(2, "joined", "2019")]


def many_problems(number: int) -> Report:
    report = Report()
    for line in range(number + 1, 1, -1):
        report.counts.rows += 1
        report.refuse(line, [Finding("title", "=1+1", "required")])
    return report


def test_many_problems_go_to_a_file_beside_the_input_by_line_and_harmless_in_a_spreadsheet(tmp_path: Path) -> None:
    source = tmp_path / "talks.csv"
    report = many_problems(25)
    target = write_problems(report, str(source), tmp_path / "home")
    assert target == tmp_path / "talks.csv.problems.csv"
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "column", "value", "message"]
    assert [row[0] for row in rows[1:]] == [str(line) for line in range(2, 27)]
    assert rows[1][2] == "'=1+1"
    shown = list(lines(report, target))
    assert shown[0] == "25 rows: 25 refused"
    assert shown[1] == "line 2, title: '=1+1' required"
    assert shown[-1] == f"5 more problems: all of them are in {target}"


def test_few_problems_make_no_file_and_those_of_standard_input_lie_at_home(tmp_path: Path) -> None:
    assert write_problems(many_problems(20), str(tmp_path / "talks.csv"), tmp_path) is None
    home = tmp_path / "home"
    assert write_problems(many_problems(21), "-", home) == home / "standard-input.problems.csv"


def test_warnings_alike_are_kept_once_and_never_without_end() -> None:
    report = Report()
    for line in range(2, 5_000):
        report.warn(line, Finding("language", "cn", "unknown"))
        report.warn(line, Finding("country", f"c{line}", "unknown"))
    found = list(report.warnings())
    assert len(found) == 1_001
    assert (found[0][0].message, found[0][1]) == ("further warnings, not listed", 4_998 - 999)
    assert next(times for warning, times in found if warning.value == "cn") == 4_998
