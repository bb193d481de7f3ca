"""How commands end: 0, 1 for problems in the input, 2 for wrong use, 3 where the machinery failed."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from community.cli import app
from tests.cli.cast import MEMBERS, NOON, ON_SQLITE, WORK, Community, found, written

WRONG_USE = [
    ("nonsense",),
    ("standings", "list"),
    ("standings", "list", "nope"),
    ("standings", "list", "stars", "--at-rsik"),
    ("standings", "explain", "stars", "zoe"),
    ("standings", "explain", "nope", "ada"),
    ("standings", "refresh", "nope"),
    ("standings", "refresh", "stars", "--as-of", "2026-02-30"),
    ("standings", "refresh", "stars", "--as-of", "yesterday"),
    ("standings", "accept", "stars", "zoe"),
    ("standings", "place", "stars", "ada", "comet", "--note", "because"),
    ("standings", "place", "stars", "ada", "star"),
    ("standings", "place", "stars", "ada", "star", "--note", " "),
    ("members", "show", "stars", "zoe"),
    ("members", "status", "stars", "ada", "asleep"),
    ("members", "status", "stars", "ada", "on_leave"),
    ("members", "import", "stars", "nowhere.csv"),
    ("members", "import", "nope", "-"),
    ("contributions", "import", "stars", "nowhere.csv"),
    ("contributions", "list", "stars", "--state", "eaten"),
    ("contributions", "list", "stars", "--handle", "zoe"),
    ("contributions", "approve", "stars"),
    ("contributions", "approve", "stars", "12"),
    ("contributions", "approve", "stars", "01a20ac5-33a8-7082-a53b-8050fa9c969f"),
    ("contributions", "approve", "stars", "01a20ac5-33a8-7082-a53b-8050fa9c969f", "--all-pending"),
    ("contributions", "reverse", "stars", "01a20ac5-33a8-7082-a53b-8050fa9c969f"),
    ("contributions", "edit", "stars", "01a20ac5-33a8-7082-a53b-8050fa9c969f", "title=New"),
    ("boards", "show", "stars", "nope"),
    ("boards", "show", "stars", "points", "--top", "0"),
    ("boards", "show", "stars", "points", "--around", "zoe"),
    ("boards", "export", "stars", "nope", "--format", "csv", "--out", "-"),
    ("boards", "export", "stars", "points", "--format", "pdf", "--out", "-"),
    ("boards", "export", "stars", "points", "--format", "csv", "--out", "no/such/folder/board.csv"),
    ("ledger", "balance", "stars", "zoe"),
    ("ledger", "entries", "stars", "zoe"),
    ("ledger", "verify", "nope"),
    ("ledger", "adjust", "stars", "ada", "5"),
    ("ledger", "adjust", "stars", "ada", "many", "--note", "because"),
    ("ledger", "adjust", "stars", "ada", "5", "--note", "because", "--day", "2026-04-01"),
    ("programme", "plan", "nowhere.yaml"),
    ("programme", "apply", "nowhere.yaml", "--yes"),
    ("programme", "export", "nope"),
    ("programme", "export", "stars", "--version", "0"),
    ("programme", "export", "stars", "--version", "2"),
    ("presets", "show", "nope"),
]


@ON_SQLITE
def test_wrong_use_is_2_and_said_on_standard_error_only(
    stars: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in WRONG_USE:
        ran = stars(*arguments, status=2)
        assert ran.out == "", arguments
        assert ran.err.strip(), arguments
        assert "Traceback" not in ran.err


@ON_SQLITE
def test_problems_in_the_input_are_1(stars: Community, tmp_path: Path) -> None:
    bad = written(tmp_path, "bad.csv", WORK + "6,zoe,post,Lost,,2026-03-05,,\n")
    ran = stars("contributions", "import", "stars", bad, status=1)
    assert ran.out == "6 rows: 5 created, 1 refused, 1 approved\n"
    assert "line 7" in ran.err
    stars("members", "import", "stars", written(tmp_path, "bad-members.csv", "handle,email\nada,nowhere\n"), status=1)
    stars("programme", "plan", written(tmp_path, "bad.yaml", "format: 2\n"), status=1)


def test_what_does_not_fit_the_present_state_is_1(stars: Community) -> None:
    assert "no proposal" in stars("standings", "accept", "stars", "ada", status=1).err
    assert "no proposal" in stars("standings", "decline", "stars", "ada", status=1).err
    assert "not locked" in stars("standings", "unlock", "stars", "ada", status=1).err


def test_without_a_database_3(community: Community, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for url in ("postgresql://postgres@127.0.0.1:1/nowhere", "postgresql://postgres@no-such-host.invalid/nowhere"):
        monkeypatch.setenv("COMMUNITY_DATABASE_URL", url)
        ran = community("programme", "list", status=3)
        assert (ran.out, ran.err.count("\n")) == ("", 1)
        assert "database" in ran.err
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"sqlite:///{written(tmp_path, 'note.txt', 'no database' * 200)}")
    assert "database" in community("programme", "list", status=3).err


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_postgresql_that_lacks_the_database_or_its_tables_is_3(
    community: Community, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"{database_url}_not_there")
    assert "not_there" in community("programme", "list", status=3).err
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", f"{database_url.rsplit('/', 1)[0]}/template1")
    assert "community db upgrade" in community("programme", "list", status=3).err


@ON_SQLITE
def test_wrong_settings_are_2(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", "mysql://localhost/stars")
    assert "sqlite:///" in community("programme", "list", status=2).err
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", "")
    monkeypatch.setenv("COMMUNITY_CONNECTIONS", "many")
    assert "COMMUNITY_CONNECTIONS" in community("programme", "list", status=2).err


@ON_SQLITE
def test_a_home_that_cannot_be_made_is_3(community: Community, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMUNITY_DATABASE_URL", "")
    monkeypatch.setenv("COMMUNITY_HOME", str(written(tmp_path, "file", "in the way") / "home"))
    assert community("programme", "list", status=3).err.strip()


@ON_SQLITE
def test_a_full_disk_is_3_and_leaves_nothing_half_done(stars: Community, tmp_path: Path) -> None:
    """The file system takes no file larger than the database is, as a full disk would."""
    rows = "".join(f"{number},ada,post,{'x' * 400},,2026-03-01\n" for number in range(5_000))
    file = written(tmp_path, "large.csv", f"id,handle,type,title,url,occurred_on\n{rows}")

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))

    ran = subprocess.run(
        [sys.executable, "-m", "community", "contributions", "import", "stars", str(file)],
        preexec_fn=full, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 3, ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert found(stars("contributions", "list", "stars", "--json")) == []
    stars("ledger", "verify", "stars")


@ON_SQLITE
def test_verify_ends_with_1_where_something_differs(working: Community, database_url: str) -> None:
    working("contributions", "approve", "stars", "--all-pending")
    assert working("ledger", "verify", "stars").out.startswith("stars: clean")
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE contribution SET price = price + 1 WHERE external_id = '5'")
    connection.close()
    ran = working("ledger", "verify", "stars", status=1)
    assert "2 differences" in ran.out
    assert "the rule gives 6 points on 2026-03-05 (post)" in ran.out


def _commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = getattr(command, "commands", {})
    return [path, *(one for name, command in below.items() for one in _commands(command, (*path, name)))]


PROMISED = """
db upgrade; presets list; presets show; programme plan; programme apply; programme export; programme list;
members import; members list; members show; members status; contributions import; contributions list;
contributions approve; contributions reject; contributions reverse; contributions edit; standings refresh;
standings explain; standings list; standings accept; standings decline; standings lock; standings unlock;
standings place; boards show; boards export; ledger balance; ledger entries; ledger verify; ledger adjust; demo
"""


@ON_SQLITE
def test_every_command_has_help(community: Community) -> None:
    commands = _commands(typer.main.get_command(app))
    assert {tuple(one.split()) for one in PROMISED.split(";")} <= set(commands)
    for command in commands:
        text = community(*command, "--help").out
        assert "Usage: community" in text
        about = text.split("\n\n")[1].strip()
        assert about, command
        assert not about.startswith(("Options", "Arguments")), command


@ON_SQLITE
def test_an_upgrade_is_done_once(community: Community) -> None:
    assert community("db", "upgrade").out == "the database was up to date\n"


def test_the_clock_of_these_stories_stands_still(stars: Community) -> None:
    assert found(stars("programme", "list", "--json")) == [
        {"slug": "stars", "name": "Stars", "version": 1, "timezone": "UTC", "today": NOON.date().isoformat()}
    ]
    assert MEMBERS.count("\n") - 1 == len(found(stars("members", "list", "stars", "--json")))
