"""Accounts from the command line: the first lead, invitations, roles, and whoever is out."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from community.kit import clock, db
from community.kit.db import writing
from community.members.actions import bind
from community.people.actions import accepting
from community.people.actions.accepting import Accepted
from community.people.actions.sessions import Opened
from community.people.actions.tokens import LinkOver, set_up
from community.people.forms import PersonForm, Profile
from community.programmes import actions as programmes
from tests.cli.cast import MEMBERS, STARS, Community, written
from tests.conftest import Ran
from tests.people.stage import BETTER, CHEAP, GOOD, HOME, NOON, door_of


@pytest.fixture
def stars(community: Callable[..., Ran], tmp_path: Path) -> Community:
    """The command line, with the programme `stars` and its three members."""
    community("programme", "apply", written(tmp_path, "stars.yaml", STARS), "--yes")
    community("members", "import", "stars", written(tmp_path, "members.csv", MEMBERS))
    return community


def on(url: str, work: Callable[[Any], Any]) -> Any:
    """Does something on the test's database."""

    async def run() -> Any:
        engine = db.create_engine(url)
        try:
            with clock.stopped(NOON):
                return await work(engine)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def signed_in(url: str, email: str, password: str) -> Opened:
    async def work(engine: Any) -> Opened:
        async with door_of(engine) as door:
            return await door.sign_in(email, password, HOME)

    found: Opened = on(url, work)
    return found


def listed(community: Community) -> dict[str, dict[str, Any]]:
    return {row["email"]: row for row in json.loads(community("people", "list", "--json").out)}


def mails(home: Path) -> list[tuple[str, str]]:
    """To whom, and the secret of the link; the oldest first."""
    found = []
    for file in sorted((home / "mail").glob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        [secret] = set(re.findall(r"\?token=3?D?=?\n?([A-Za-z0-9_-]{43})", mail.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
        found.append((str(mail["To"].addresses[0].addr_spec), secret))
    return found


def accepted(url: str, secret: str) -> Accepted:
    async def work(engine: Any) -> Accepted:
        async with writing(engine) as connection:
            found = await accepting.accept_anew(connection, secret, Profile("Ada", "fr", None), None)
            if found.member_id is not None and found.programme_id is not None:
                await bind(connection, found.programme_id, found.member_id, found.person_id)
            return found

    found: Accepted = on(url, work)
    return found


def test_the_first_lead_chooses_a_password_by_the_link_that_is_printed(community: Community, database_url: str) -> None:
    printed = community("people", "create-admin", "Cleo@example.org", "--name", "Cleo Fern").out
    [secret] = re.findall(r"http://localhost:8000/reset/choose\?token=(\S+)", printed)
    row = listed(community)["Cleo@example.org"]
    assert (row["name"], row["password"]) == ("Cleo Fern", False)
    assert row["roles"] == [{"role": "lead", "unit": "hub", "programme": None, "until": None}]

    async def reset(engine: Any) -> None:
        async with door_of(engine) as door:
            await door.reset(secret, GOOD, HOME)

    asyncio.run(_now(database_url, reset))
    assert signed_in(database_url, "cleo@example.org", GOOD)


async def _now(url: str, work: Callable[[Any], Any]) -> None:
    engine = db.create_engine(url)
    await work(engine)
    await engine.dispose()


def test_a_password_comes_from_standard_input_and_must_be_a_good_one(
    community: Community, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for weak in ("short", "passwordpassword", "cleo@example.org 1"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{weak}\n"))
        refused = community("people", "create-admin", "cleo@example.org", "--password-stdin", status=1).err
        assert "password: accepted: " in refused
        assert weak not in refused
    monkeypatch.setattr("sys.stdin", io.StringIO(f" {GOOD}\n"))
    assert "token" not in community("people", "create-admin", "cleo@example.org", "--password-stdin").out
    assert signed_in(database_url, "cleo@example.org", f" {GOOD}")
    community("people", "create-admin", "cleo@example.org", status=1)


def test_a_programme_s_name_is_no_password(stars: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("starsstarsstars 1\n"))
    refused = stars("people", "create-admin", "cleo@example.org", "--password-stdin", status=1).err
    assert "the name of the programme" in refused


def test_an_empty_installation_is_begun_by_a_token_once(community: Community, database_url: str) -> None:
    """What `community serve` prints on an empty database (trust, item 8)."""
    assert community("people", "list", "--json").out == "[]\n"
    form = PersonForm("cleo@example.org", "cleo@example.org", "Cleo", None)

    async def begin(engine: Any) -> None:
        async with writing(engine) as connection:
            older, secret = await set_up(connection), await set_up(connection)
        assert older is not None
        assert secret is not None
        with pytest.raises(LinkOver):
            await _begin(engine, older, form)
        await _begin(engine, secret, form)
        with pytest.raises(LinkOver):
            await _begin(engine, secret, form)
        async with writing(engine) as connection:
            assert await set_up(connection) is None

    on(database_url, begin)
    assert [one["role"] for one in listed(community)["cleo@example.org"]["roles"]] == ["lead"]
    assert signed_in(database_url, "cleo@example.org", BETTER)


async def _begin(engine: Any, secret: str, form: PersonForm) -> None:
    async with writing(engine) as connection:
        await programmes.begin(connection, secret, form, await CHEAP.hash(BETTER))


def test_members_are_invited_by_handle_or_by_the_address_that_the_programme_knows(
    stars: Community, database_url: str, home: Path
) -> None:
    with clock.stopped(NOON):
        said = stars("people", "invite", "ben@home.example", "--programme", "stars", "--handle", "BEN").out
        assert said == f"1 mail sent to {home / 'mail'}\n"
        stars("people", "invite", "ADA@example.org", "new@example.org", "--programme", "stars", "--locale", "fr")
    found = {to: accepted(database_url, secret) for to, secret in mails(home)}
    assert set(found) == {"ben@home.example", "ADA@example.org", "new@example.org"}
    people = {row["handle"]: row for row in json.loads(stars("members", "list", "stars", "--json").out)}
    assert found["new@example.org"].member_id is None
    assert None not in (found["ben@home.example"].member_id, found["ADA@example.org"].member_id)
    assert len(people) == 3


def test_a_role_comes_with_an_invitation(stars: Community, database_url: str, home: Path) -> None:
    with clock.stopped(NOON):
        stars("people", "invite", "boss@example.org", "--unit", "hub", "--role", "lead", "--until", "2026-12-31")
    [(_, secret)] = mails(home)
    accepted(database_url, secret)
    assert listed(stars)["boss@example.org"]["roles"] == [
        {"role": "lead", "unit": "hub", "programme": None, "until": "2026-12-31"}
    ]


def test_roles_are_granted_and_taken(stars: Community, database_url: str) -> None:
    stars("people", "create-admin", "cleo@example.org")
    stars("people", "grant", "CLEO@example.org", "reviewer", "--programme", "stars", "--until", "2099-01-01")
    assert [one["role"] for one in listed(stars)["cleo@example.org"]["roles"]] == ["lead", "reviewer"]
    assert "reviewer of stars" in stars("people", "list").out
    stars("people", "grant", "cleo@example.org", "reviewer", "--programme", "stars", "--until", "2099-01-01", status=1)
    stars("people", "revoke", "cleo@example.org", "reviewer", "--programme", "stars")
    stars("people", "revoke", "cleo@example.org", "reviewer", "--programme", "stars", status=2)


def test_whoever_is_out_is_out(stars: Community, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    stars("people", "create-admin", "cleo@example.org", "--password-stdin")
    signed_in(database_url, "cleo@example.org", GOOD)
    assert stars("people", "sign-out", "cleo@example.org").out == "cleo@example.org is signed out of 1 session\n"
    stars("people", "deactivate", "cleo@example.org")
    stars("people", "deactivate", "cleo@example.org", status=1)
    row = listed(stars)["cleo@example.org"]
    assert (row["state"], row["roles"]) == ("deactivated", [])
    stars("people", "reactivate", "cleo@example.org")
    assert signed_in(database_url, "cleo@example.org", GOOD)


@pytest.mark.parametrize(
    "wrong",
    [
        ["people", "invite", "nobody"],
        ["people", "invite", "a@example.org", "b@example.org", "--programme", "stars", "--handle", "ada"],
        ["people", "invite", "a@example.org", "--handle", "ada"],
        ["people", "invite", "a@example.org", "--programme", "nowhere"],
        ["people", "invite", "a@example.org", "--programme", "stars", "--handle", "nobody"],
        ["people", "invite", "a@example.org", "--programme", "stars", "--role", "lead"],
        ["people", "invite", "a@example.org", "--role", "manager"],
        ["people", "invite", "a@example.org", "--programme", "stars", "--unit", "hub"],
        ["people", "invite", "a@example.org", "--locale", "tlh"],
        ["people", "grant", "nobody@example.org", "reviewer", "--programme", "stars"],
        ["people", "create-admin", "nobody"],
        ["people", "sign-out", "nobody@example.org"],
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_wrong_use_is_said_and_nothing_is_sent(stars: Community, home: Path, wrong: list[str]) -> None:
    from community.__main__ import run

    assert run(wrong) in (1, 2)
    assert not (home / "mail").exists()
    assert listed(stars) == {}
