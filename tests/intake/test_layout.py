"""Which column gives which field."""

from __future__ import annotations

import pytest

from community.intake.files.layout import CONTRIBUTION_ALIASES, Columns, naming
from community.kit.errors import UsageError

KNOWN = ("id", "handle", "type", "title", "occurred_on", "reach", "attendees")


def columns(maps: list[str] | None = None, constants: list[str] | None = None) -> Columns:
    rivals = [frozenset({"reach", "attendees"})]
    return Columns(KNOWN, CONTRIBUTION_ALIASES, naming(maps or [], constants or []), rivals)


def test_own_names_and_aliases_and_columns_that_are_no_field() -> None:
    layout = columns().layout_of_header(["contribution_id", "member_handle", "date", "title", "venue", ""])
    cells = ["c1", "ada", "2026-01-02", "Hello", "Paris", "x"]
    assert layout.values(cells) == {"id": "c1", "handle": "ada", "occurred_on": "2026-01-02", "title": "Hello"}
    assert layout.attributes(cells) == {"venue": "Paris"}
    assert layout.further == ("venue",)
    assert layout.theirs("handle") == "member_handle"
    assert layout.theirs("type") == "type"


def test_an_explicit_name_beats_an_alias() -> None:
    layout = columns(["speaker=handle", "a=b=title"]).layout_of_header(["speaker", "member_handle", "a=b"])
    assert layout.values(["ada", "ben", "Hello"]) == {"handle": "ada", "title": "Hello"}
    assert layout.further == ()


def test_a_constant_column() -> None:
    layout = columns([], ["type=talk", "title=a=b"]).layout_of_header(["member_handle"])
    assert layout.values(["ada"]) == {"handle": "ada", "type": "talk", "title": "a=b"}


def test_a_constant_beats_an_alias_too() -> None:
    layout = columns([], ["handle=ada"]).layout_of_header(["member_handle", "title"])
    assert layout.values(["ben", "Hello"]) == {"handle": "ada", "title": "Hello"}


def test_objects_bring_their_own_columns() -> None:
    layout = columns().layout_of_keys(("member_handle", "venue"))
    assert layout.values({"member_handle": "ada", "venue": None}) == {"handle": "ada"}
    assert columns(["speaker=handle"]).layout_of_keys(("title",)).fields == ("title",)


@pytest.mark.parametrize(
    ("maps", "constants", "header", "words"),
    [
        ([], [], ["handle", "member_handle"], "handle: given twice, by handle and member_handle"),
        (["speaker=handle"], [], ["speaker", "handle"], "handle: given twice"),
        ([], ["title=x"], ["handle", "title"], "title: given twice, by --set title and title"),
        ([], [], ["reach", "attendees"], "attendees and reach stand for one field"),
        (["speaker=handle"], [], ["speakers"], "--map speaker: no such column in the file .did you mean speakers"),
        (["speaker=handel"], [], [], "no field handel .did you mean handle"),
        ([], ["handel=x"], [], "--set: no field handel"),
        (["a=handle", "b=handle"], [], ["a", "b"], "handle: given more than once"),
        (["a=handle"], ["handle=x"], ["a"], "handle: given more than once"),
        (["a=handle", "a=title"], [], ["a"], "--map a: given twice"),
        ([], ["title=x", "title=y"], [], "--set title: given twice"),
        (["handle"], [], [], "accepted: --map THEIRS=OURS"),
        (["=handle"], [], [], "accepted: --map THEIRS=OURS"),
        ([], ["=x"], [], "accepted: --set OURS=VALUE"),
    ],
)
def test_wrong_use(maps: list[str], constants: list[str], header: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        columns(maps, constants).layout_of_header(header)
