"""What a contribution must be: each rule of the form, all that is wrong at once, and what is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from community.contributions.forms import Content, ContributionForms
from community.kit.cells import Finding
from community.kit.days import DayReader
from community.programmes.book import Book

TODAY = date(2026, 6, 1)
FIELDS: list[dict[str, Any]] = [
    {"key": "attendees", "name": "Attendees", "type": "integer", "min": 1, "max": 5000, "reach": True},
    {"key": "hours", "name": "Hours", "type": "decimal", "min": 0.5},
    {"key": "setting", "name": "Setting", "type": "choice", "choices": ["in-person", "virtual"], "required": True},
    {"key": "recorded", "name": "Recorded", "type": "boolean"},
    {"key": "booked", "name": "Booked", "type": "date", "min": "2020-01-01"},
    {"key": "place", "name": "Place", "type": "country"},
    {"key": "notes", "name": "Notes", "type": "text", "max": 10},
]
BOOK = Book.model_validate(
    {
        "format": 1,
        "programme": {"slug": "aces", "name": "Aces", "timezone": "Europe/Paris", "locale": "fr"},
        "contribution_types": [
            {"key": "talk", "name": "Talk", "evidence": "required", "fields": FIELDS},
            {"key": "post", "name": "Post"},
            {"key": "call", "name": "Call", "evidence": "none"},
        ],
    }
)
TALK = {
    "type": "talk",
    "title": "Bases de données",
    "url": "https://example.org/talks/1",
    "occurred_on": "2026-05-01",
    "setting": "virtual",
}
POST = {"type": "post", "title": "Hello", "occurred_on": "2026-05-01"}


def check(values: dict[str, Any]) -> Content | list[Finding]:
    forms = ContributionForms(BOOK, DayReader("Europe/Paris"), TODAY, renamed={"Vortrag": "talk"})
    return forms.check(values)


def kept(values: dict[str, Any]) -> Content:
    found = check(values)
    assert isinstance(found, Content), found
    return found


def wrong(values: dict[str, Any]) -> dict[str, str]:
    found = check(values)
    assert isinstance(found, list), found
    return {problem.column: problem.message for problem in found}


def test_everything_given_is_kept_in_its_normal_form() -> None:
    found = kept(
        {
            **TALK,
            "title": "  Bases de donne\u0301es ",
            "language": "French",
            "description": "one\r\ntwo",
            "attendees": "2223.0",
            "hours": "1.50",
            "recorded": "YES",
            "booked": "2026-04-30T23:30Z",
            "place": "England",
            "notes": "short",
        }
    )
    assert found == Content(
        "talk",
        "Bases de données",
        "https://example.org/talks/1",
        date(2026, 5, 1),
        "fr",
        "one\ntwo",
        {
            "attendees": 2223, "hours": 1.5, "setting": "virtual", "recorded": True,
            "booked": "2026-05-01", "place": "GB", "notes": "short",
        },
    )  # fmt: skip


def test_what_is_empty_is_left_out() -> None:
    assert kept({**TALK, "attendees": " ", "language": "", "description": None}).fields == {"setting": "virtual"}


def test_json_and_python_values_are_read_as_well() -> None:
    found = kept({**TALK, "attendees": 12, "recorded": False, "hours": 1.5, "occurred_on": date(2026, 5, 1)})
    assert found.fields == {"attendees": 12, "hours": 1.5, "setting": "virtual", "recorded": False}


def test_all_that_is_wrong_is_said_at_once() -> None:
    problems = wrong(
        {
            "type": "talk", "title": "", "occurred_on": "2026-06-02", "url": "", "attendees": "0", "hours": "0.1",
            "setting": "Virtual", "recorded": "on", "booked": "2019-12-31", "notes": "far too long",
        }
    )  # fmt: skip
    assert problems == {
        "title": "required",
        "url": "required",
        "occurred_on": "a day still to come; accepted: up to today, 2026-06-01",
        "attendees": "accepted: from 1 to 5000",
        "hours": "accepted: from 0.5",
        "setting": "accepted: in-person, virtual",
        "recorded": "accepted: true, false, yes, no, 1 or 0",
        "booked": "accepted: from 2020-01-01",
        "notes": "has 12 characters; accepted: at most 10",
    }


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"title": "x" * 501}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "\ud83d"}, "title"),
        ({"title": ["a"]}, "title"),
        ({"url": "example.org"}, "url"),
        ({"occurred_on": "2026-5-1"}, "occurred_on"),
        ({"occurred_on": ""}, "occurred_on"),
        ({"attendees": "2223.5"}, "attendees"),
        ({"attendees": "5001"}, "attendees"),
        ({"hours": "1.2345"}, "hours"),
        ({"setting": ""}, "setting"),
        ({"booked": "2026"}, "booked"),
        ({"place": "x" * 101}, "place"),
        ({"language": "x" * 101}, "language"),
        ({"description": "x" * 100_001}, "description"),
        ({"type": "webinar"}, "type"),
        ({"type": ""}, "type"),
        ({"type": {"a": 1}}, "type"),
    ],
)
def test_one_thing_wrong_is_named_by_its_column(change: dict[str, Any], column: str) -> None:
    assert list(wrong({**TALK, **change})) == [column]


def test_an_unknown_type_names_those_that_there_are_and_the_rest_is_checked_too() -> None:
    problems = wrong({"type": "tlak", "title": "", "occurred_on": "soon"})
    assert problems["type"] == "no such contribution type (did you mean talk?); accepted: talk, post, call"
    assert set(problems) == {"type", "title", "occurred_on"}


def test_a_type_may_have_another_name_at_its_source() -> None:
    assert kept({**TALK, "type": "Vortrag"}).type == "talk"


def test_evidence() -> None:
    assert wrong({**TALK, "url": " "}) == {"url": "required"}
    assert kept(POST).url is None
    assert kept({**POST, "type": "call"}).url is None
    assert wrong({**POST, "type": "call", "url": "https://example.org"}) == {
        "url": "accepted: nothing, as this type takes no link"
    }


def test_reach_stands_for_the_one_field_that_is_marked() -> None:
    assert kept({**TALK, "reach": "40"}).fields["attendees"] == 40
    assert wrong({**TALK, "reach": "many"}) == {"reach": "accepted: a whole number, such as 2223"}
    both = wrong({**TALK, "reach": "40", "attendees": "40"})
    assert both == {"reach": "accepted: either reach or attendees, not both"}


def test_reach_of_a_type_without_one_is_wrong_unless_empty() -> None:
    assert kept({**POST, "reach": " "}).fields == {}
    assert wrong({**POST, "reach": "40"}) == {"reach": "accepted: nothing, as the type post has no reach"}


def test_an_unknown_language_or_country_is_kept_with_a_warning() -> None:
    found = kept({**TALK, "language": "cn", "place": "Illinois"})
    assert (found.language, found.fields["place"]) == ("cn", "Illinois")
    assert [(one.column, one.value) for one in found.warnings] == [("language", "cn"), ("place", "Illinois")]
