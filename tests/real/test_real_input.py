"""Each data set from its file to standings, boards and a clean ledger, on both databases."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from community.kit import clock
from community.kit.text import fold
from tests.cli.cast import Community, counts, found, written
from tests.conftest import unavailable
from tests.real.books import CASES, Case

pytestmark = pytest.mark.real

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
"""After all that the data hold, so that nothing lies in the future."""


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of the real input."""
    named = os.environ.get("COMMUNITY_REAL_INPUT", "")
    if not named or not Path(named).is_dir():
        unavailable("real", "COMMUNITY_REAL_INPUT names no folder")
    return Path(named)


@pytest.fixture(autouse=True)
def september() -> Iterator[None]:
    with clock.stopped(NOW):
        yield


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows as Python's own reader of CSV gives them."""
    data = file.read_bytes()
    plain = gzip.decompress(data) if file.suffix == ".gz" else data
    return list(csv.DictReader(io.StringIO(plain.decode(), newline="")))


@pytest.mark.parametrize("case", CASES, ids=[case.slug for case in CASES])
def test_the_whole_way(community: Community, folder: Path, tmp_path: Path, case: Case) -> None:
    rows = rows_of(folder / case.file)
    file = tmp_path / Path(case.file).name  # a report of problems would lie beside the file
    file.symlink_to(folder / case.file)
    community("programme", "apply", written(tmp_path, "book.yaml", case.text), "--yes")
    status = 1 if case.refused else 0
    arguments = (case.slug, file, *case.options, "--create-members", "--json")
    report = found(community("contributions", "import", *arguments, "--approve", status=status))
    refused = {one["line"] for one in report["problems"]}
    assert dict(Counter(one["column"] for one in report["problems"])) == case.refused
    assert report["refused"] == len(refused) == sum(case.refused.values())
    good = len(rows) - len(refused)
    expected = {"rows": len(rows), "created": good, "refused": len(refused), "approved": good}
    assert counts(report) == {name: value for name, value in expected.items() if value}
    votes = _bring_votes(community, rows, folder, tmp_path) if case.slug == "qa" else Counter[str]()

    community("standings", "refresh", case.slug, "--as-of", case.day)
    standings = found(community("standings", "list", case.slug, "--json"))
    stands = {one["tier"] for one in standings} | {one["proposal"]["tier"] for one in standings if one["proposal"]}
    explained = found(community("standings", "explain", case.slug, _busiest(rows), "--json"))
    assert stands - {None} == {tier["key"] for tier in explained["tiers"]}, (
        "each tier has somebody, or somebody proposed"
    )

    community("standings", "refresh", case.slug)
    bad = _refused_ids(report, rows, case)
    given = Counter(fold(row["member_handle"]) for row in rows if row[case.id_column] not in bad)
    assert _board(community, case.slug, tmp_path, "all") == given + votes
    _board(community, case.slug, tmp_path, "year")
    if case.slug != "sympy":
        again = found(community("contributions", "import", *arguments, status=status))
        assert again["unchanged"] == report["created"]
        assert again["problems"] == report["problems"]
    assert "clean" in community("ledger", "verify", case.slug).out


def _busiest(rows: list[dict[str, str]]) -> str:
    return Counter(row["member_handle"] for row in rows if row["member_handle"]).most_common(1)[0][0]


def _refused_ids(report: dict[str, Any], rows: list[dict[str, str]], case: Case) -> set[str]:
    """The ids of the rows that have not what the refused columns ask for, found without the importer."""
    bad = set()
    for column in case.refused:
        for row in rows:
            text = row[column].strip()
            wrong_day = column == "date" and len(text.split(" ")[0].split("T")[0]) != 10
            if not text or (column == "title" and len(text) > 500) or wrong_day:
                bad.add(row[case.id_column])
    assert len(bad) == report["refused"]
    return bad


def _bring_votes(community: Community, posts: list[dict[str, str]], folder: Path, tmp_path: Path) -> Counter[str]:
    """Votes as contributions of the owner of the post that they are about, under its title; answers those credited."""
    owners = {post["contribution_id"]: (post["member_handle"], post["title"]) for post in posts}
    votes = rows_of(folder / "qa/votes_bicycles-meta.csv.gz")
    file = tmp_path / "votes.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "handle", "title", "type", "occurred_on"])
        for vote in votes:
            handle, title = owners.get(vote["contribution_id"], ("", ""))
            writer.writerow([vote["vote_id"], handle, title, vote["vote_type"], vote["date"]])
    moderation = ("delete", "moderator review", "approve edit", "close", "undelete")
    options = [part for theirs in moderation for part in ("--type-map", f"{theirs}=moderation")]
    report = found(
        community(
            "contributions", "import", "qa", file, "--source", "votes", "--create-members", "--json", *options, status=1
        )
    )
    good = Counter[str]()
    for vote in votes:
        handle, title = owners.get(vote["contribution_id"], ("", ""))
        if handle and title.strip():
            good[fold(handle)] += 1
    assert counts(report) == {
        "rows": len(votes), "created": good.total(), "approved": good.total(), "refused": len(votes) - good.total(),
    }  # fmt: skip
    assert {one["column"] for one in report["problems"]} <= {"handle", "title"}
    return good


def _board(community: Community, slug: str, folder: Path, key: str) -> Counter[str]:
    """The values of a board by folded handle; its CSV and its JSON have the same rows, in the order of rank."""
    files = {name: folder / f"{key}.{name}" for name in ("csv", "json", "xlsx", "parquet")}
    for name, file in files.items():
        community("boards", "export", slug, key, "--format", name, "--out", file)
    rows = json.loads(files["json"].read_text("utf-8"))["rows"]
    texts = [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    with files["csv"].open(encoding="utf-8-sig", newline="") as opened:
        plain = [{name: value.removeprefix("'") for name, value in row.items()} for row in csv.DictReader(opened)]
    assert plain == [{name: value.removeprefix("'") for name, value in row.items()} for row in texts]
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)
    assert all(file.stat().st_size for file in files.values())
    return Counter({fold(row["handle"]): row["value"] for row in rows})
