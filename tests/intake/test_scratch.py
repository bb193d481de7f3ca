"""Rows laid aside and given back: by member, in the order of the file, the last of an id in the place of the first."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.intake.files.scratch import Laid, Scratch, Superseded, scratch
from community.kit.errors import MachineryError


def given_back(found: Scratch, size: int = 3) -> list[Laid]:
    return [row for group in found.groups(size) for row in group]


def test_the_later_of_two_rows_with_one_id_takes_the_place_of_the_first(tmp_path: Path) -> None:
    with scratch(tmp_path) as found:
        found.add(2, "a", "ada", "first")
        found.add(3, "b", "ada", "other")
        found.add(4, "a", "ben", "second")
        found.add(5, "a", "ada", "third")
        assert sorted(found.settle()) == [Superseded(2, 5, "a"), Superseded(4, 5, "a")]
        assert given_back(found) == [("ada", 0, 5, "a", "third"), ("ada", 1, 3, "b", "other")]


def test_rows_without_an_id_are_numbered_where_they_are_alike(tmp_path: Path) -> None:
    with scratch(tmp_path) as found:
        for line, key in enumerate([b"\x01", b"\x02", b"\x01"], start=2):
            found.add(line, key, "ada", None)
        assert list(found.settle()) == []
        assert [row[3] for row in given_back(found)] == ["01-1", "02-1", "01-2"]
        assert given_back(found) == given_back(found)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["ada", "ben", "cleo", "zoe"])), max_size=60),
    st.integers(1, 20),
)
def test_groups_never_split_a_member_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int
) -> None:
    first = {key: place for place, (key, _) in reversed(list(enumerate(rows)))}
    last = {key: (place, member) for place, (key, member) in enumerate(rows)}
    with scratch(tmp_path_factory.mktemp("scratch")) as found:
        for place, (key, member) in enumerate(rows):
            found.add(place + 2, key, member, place)
        superseded = list(found.settle())
        groups = list(found.groups(size))
    wanted = {(member, first[key], place + 2, key, place) for key, (place, member) in last.items()}
    assert {row for group in groups for row in group} == wanted
    assert Counter(row.line for row in superseded) == Counter(
        place + 2 for place, (key, _) in enumerate(rows) if place != last[key][0]
    )
    members = [sorted({row[0] for row in group}) for group in groups]
    assert len([one for group in members for one in group]) == len({one for group in members for one in group})
    for group in groups:
        for member in {row[0] for row in group}:
            places = [row[1] for row in group if row[0] == member]
            assert places == sorted(places)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for rows in (21_000, 42_000):
        tracemalloc.start()
        with scratch(tmp_path) as found:
            for line in range(rows):
                found.add(line, f"id-{line}", f"member-{line % 9_000}", ("talk", "A title", {"attendees": line}))
            assert list(found.settle()) == []
            assert sum(len(group) for group in found.groups(1_000)) == rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3


def test_nothing_is_left_behind_even_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch(tmp_path) as found:
            found.add(2, "a", "ada", None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_a_failure_of_the_machinery(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(MachineryError, match="taken"), scratch(tmp_path / "taken"):
        pass
