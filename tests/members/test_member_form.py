"""What a member must be: each rule of the form, and what is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from community.kit.cells import Finding
from community.kit.days import DayReader
from community.members.forms import Lock, MemberForm, MemberRow
from community.members.models import Status

FORM = MemberForm(("associate", "pro"), DayReader("Europe/Paris"), date(2026, 6, 1))


def kept(values: dict[str, Any], attributes: dict[str, Any] | None = None) -> MemberRow:
    found = FORM.check(values, attributes)
    assert isinstance(found, MemberRow), found
    return found


def wrong(values: dict[str, Any], attributes: dict[str, Any] | None = None) -> dict[str, str]:
    found = FORM.check(values, attributes)
    assert isinstance(found, list), found
    return {problem.column: problem.message for problem in found}


def test_a_handle_is_enough() -> None:
    found = kept({"handle": "Ada"})
    assert (found.handle, found.folded) == ("Ada", "ada")
    assert set(found[2:13]) == {None}
    assert found.attributes == {}


def test_everything_given_is_kept_in_its_normal_form() -> None:
    found = kept(
        {
            "handle": "ada", "name": " Ada  L. ", "email": "ada@example.org", "country": "UK",
            "joined_on": "2020-01-02", "status": "on_leave", "return_on": "2026-09-01", "left_on": "2021-01-01",
            "on_boards": "No", "tier": "pro", "tier_since": "2026-01-01", "locked": "2026-12-31",
        },
        {"github": "ada", "twitter": "", "team": 7},
    )  # fmt: skip
    assert found == MemberRow(
        "ada", "ada", "Ada  L.", "ada@example.org", "GB", date(2020, 1, 2), Status.ON_LEAVE, date(2026, 9, 1),
        date(2021, 1, 1), False, "pro", date(2026, 1, 1), Lock(True, date(2026, 12, 31)),
        {"github": "ada", "team": "7"},
    )  # fmt: skip


@pytest.mark.parametrize(("text", "lock"), [("TRUE", Lock(True)), ("0", Lock(False)), ("yes", Lock(True))])
def test_a_lock_without_a_day(text: str, lock: Lock) -> None:
    assert kept({"handle": "ada", "locked": text}).lock == lock


@pytest.mark.parametrize(("text", "day"), [("2019", date(2019, 1, 1)), ("2019-07", date(2019, 7, 1))])
def test_a_year_or_a_month_of_joining_means_its_first_day_with_a_warning(text: str, day: date) -> None:
    found = kept({"handle": "ada", "joined_on": text})
    assert found.joined_on == day
    assert found.warnings[0][:2] == Finding("joined_on", text, "")[:2]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"handle": ""}, "handle"),
        ({"handle": "a b"}, "handle"),
        ({"handle": "x" * 101}, "handle"),
        ({"name": "x" * 201}, "name"),
        ({"email": "ada"}, "email"),
        ({"email": "a@b c"}, "email"),
        ({"country": "x" * 101}, "country"),
        ({"joined_on": "2027"}, "joined_on"),
        ({"joined_on": "2026-06-02"}, "joined_on"),
        ({"joined_on": "2019-13"}, "joined_on"),
        ({"joined_on": "2019-7"}, "joined_on"),
        ({"status": "retired"}, "status"),
        ({"status": "on_leave"}, "return_on"),
        ({"status": "on_leave", "return_on": "soon"}, "return_on"),
        ({"left_on": "2026-06-02"}, "left_on"),
        ({"on_boards": "on"}, "on_boards"),
        ({"tier": "gold"}, "tier"),
        ({"tier": "gold", "tier_since": "2026-01-01"}, "tier"),
        ({"tier_since": "2026-01-01"}, "tier_since"),
        ({"tier": "pro", "tier_since": "2026-06-02"}, "tier_since"),
        ({"locked": "forever"}, "locked"),
    ],
)
def test_one_thing_wrong_is_named_by_its_column(change: dict[str, Any], column: str) -> None:
    assert list(wrong({"handle": "ada", **change})) == [column]


def test_an_attribute_that_cannot_be_kept_is_named_too() -> None:
    assert set(wrong({"handle": ""}, {"links": ["a"], "bio": "\x00", "fine": "x"})) == {"handle", "links", "bio"}


def test_a_day_of_return_without_a_leave_is_ignored_with_a_warning() -> None:
    found = kept({"handle": "ada", "status": "active", "return_on": "2026-09-01"})
    assert found.return_on is None
    assert found.warnings[0].column == "return_on"


def test_an_unknown_country_is_kept_with_a_warning() -> None:
    found = kept({"handle": "ada", "country": "Illinois"})
    assert (found.country, found.warnings[0].column) == ("Illinois", "country")
