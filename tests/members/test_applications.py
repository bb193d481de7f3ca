"""Asking to take part, from both sides."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.db import writing
from community.kit.mail.sending import send_waiting
from community.kit.settings import Settings
from community.members.actions import applying
from community.members.models import APPLICATION, MEMBER
from community.people.forms import PersonForm
from community.people.letters import LETTERS
from community.people.models import INVITATION
from community.programmes.actions import set_open
from tests.conftest import Ran
from tests.home.stage import BOOK, Counted, Town, settle, somebody
from tests.kit.mail.stage import server, settings_of
from tests.people.browser import Browser, installation
from tests.people.stage import GOOD, NOON, records, rows
from tests.people.test_letters import link_in

pytestmark = pytest.mark.anyio
PATH, DESK = "/p/pros/application", "/p/pros/manage/applications"
NEW = {"name": "Noor Haddad", "email": "noor@example.org", "words": "I answer questions.\n<b>Every</b> week."}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.stopped(NOON):
        yield


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    async with installation(Settings(home=tmp_path / "home", database_url=database_url, rate_scale=0)) as made:
        yield made


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    """The programme pros is open, stars is not."""
    found = await settle(engine)
    async with writing(engine) as connection:
        await set_open(connection, found.pros, True, "cli")
    return found


async def applies(browser: Browser, status: int = 200, fields: dict[str, str] | None = None) -> str:
    shown = await browser.open(PATH)
    token = re.search(r'name="csrf" value="([^"]+)"', shown)
    assert token is not None
    return await browser.post(PATH, {**NEW, **(fields or {}), "csrf": token[1]}, status)


async def test_noor_asks_and_becomes_a_member(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app) as noor, somebody(app, "cleo") as cleo:
        assert "Your application is in" in await applies(noor)
        shown = await cleo.open(DESK)
        assert "I answer questions.\n&lt;b&gt;Every&lt;/b&gt; week." in shown
        assert "noor@example.org" in shown
        [action] = re.findall(rf'action="({DESK}/[^"]+/acceptance)"', shown)
        assert "An invitation is on its way." in await cleo.send(action)
        assert "Nobody waits for an answer" in cleo.text
        await cleo.open(DESK)
        with server() as (post, url):
            await send_waiting(engine, settings_of(url), LETTERS)
        [mail] = post.taken
        assert mail["to"] == "Noor Haddad <noor@example.org>"
        path, secret = link_in(mail)
        await noor.open(f"{path}?token={secret}")
        await noor.send("/invitation", handle="noor", password=GOOD)
    assert "noor" in {row.handle for row in await rows(engine, MEMBER)}
    [row] = await rows(engine, APPLICATION)
    assert (row.state, row.email, row.folded, row.name, row.words) == ("accepted", None, None, "", "")
    assert [one[0] for one in await records(engine, "application.made", "application.accepted")] == [
        "application.made", "application.accepted",
    ]  # fmt: skip


async def test_whoever_is_declined_is_forgotten_and_may_ask_again(
    engine: AsyncEngine, app: Starlette, town: Town
) -> None:
    async with somebody(app) as noor, somebody(app, "cleo") as cleo:
        for _time in range(2):
            await applies(noor)
            [action] = re.findall(rf'action="({DESK}/[^"]+/refusal)"', await cleo.open(DESK))
            assert "nothing of it is kept" in await cleo.send(action)
            await cleo.open(DESK)
            token = re.search(r'"X-CSRF-Token": "([^"]+)"', cleo.text)
            assert token is not None
            await cleo.post(action, {"csrf": token[1]}, 404)
    assert {(row.state, row.name, row.words) for row in await rows(engine, APPLICATION)} == {("declined", "", "")}
    assert await rows(engine, INVITATION) == []


async def test_the_answer_tells_nothing_of_an_address(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app) as nobody:
        answers = set()
        for email in ("noor@example.org", "noor@example.org", "ADA@example.org", "zoe@example.org"):
            answers.add(re.sub(r'nonce="[^"]*"', "", await applies(nobody, fields={"email": email})))
    assert len(answers) == 1
    assert sorted(row.folded for row in await rows(engine, APPLICATION)) == [
        "ada@example.org", "noor@example.org", "zoe@example.org",
    ]  # fmt: skip


async def test_zoe_asks_with_her_account_and_ada_need_not(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app, "zoe") as zoe:
        assert "You ask as Zoe, zoe@example.org." in await zoe.open(PATH)
        await applies(zoe, fields={"email": "cleo@example.org", "name": "Cleo"})
    async with somebody(app, "ada") as ada:
        assert "You take part in The Pros already" in await ada.open(PATH)
    assert [(row.email, row.name) for row in await rows(engine, APPLICATION)] == [("zoe@example.org", "Zoe")]


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [("name", "", "something"), ("email", "noor", "an address such as"), ("words", " ", "something"),
     ("words", "x" * 2_001, "at most 2000"), ("words", "a\x07b", "control")],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_wrong_is_said_beside_the_field(
    engine: AsyncEngine, app: Starlette, town: Town, field: str, value: str, wrong: str
) -> None:
    async with somebody(app) as noor:
        shown = await applies(noor, 422, {field: value})
        assert wrong in shown
        assert f'id="{field}-error"' in shown
    assert await rows(engine, APPLICATION) == []


async def test_a_closed_programme_takes_none(app: Starlette, engine: AsyncEngine, town: Town) -> None:
    async with somebody(app) as noor:
        await applies(noor)
        token = re.search(r'name="csrf" value="([^"]+)"', await noor.open(PATH))
        assert token is not None
        async with writing(engine) as connection:
            await set_open(connection, town.pros, False, "cli")
        await noor.open(PATH, 404)
        await noor.post(PATH, {**NEW, "csrf": token[1]}, 404)
        await noor.open("/p/stars/application", 404)


@pytest.mark.parametrize("name", ["ada", "ben", "zoe"])
async def test_only_managers_decide(engine: AsyncEngine, app: Starlette, town: Town, name: str) -> None:
    async with writing(engine) as connection:
        form = PersonForm("noor@example.org", "noor@example.org", "Noor", "en")
        await applying.apply(connection, town.pros, form, "Let me in")
        await applying.apply(connection, town.stars, form, "Let me in")
    here, there = [row.id for row in sorted(await rows(engine, APPLICATION), key=lambda row: int(row.programme_id))]
    async with somebody(app, name) as other:
        await other.open(DESK, 404)
        token = re.search(r'"X-CSRF-Token": "([^"]+)"', await other.open("/account"))
        assert token is not None
        for verb in ("acceptance", "refusal"):
            await other.post(f"{DESK}/{here}/{verb}", {"csrf": token[1]}, 404)
    async with somebody(app, "cleo") as cleo:
        token = re.search(r'"X-CSRF-Token": "([^"]+)"', await cleo.open(DESK))
        assert token is not None
        for named in (there, "nothing"):
            await cleo.post(f"{DESK}/{named}/acceptance", {"csrf": token[1]}, 404)
    assert {row.state for row in await rows(engine, APPLICATION)} == {"open"}


async def test_pages_go_on_and_statements_do_not_grow(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app, "cleo") as cleo:
        counted, counts = Counted(app), []
        for more in (3, 30):
            async with writing(engine) as connection:
                for number in range(more):
                    email = f"n{more}-{number}@example.org"
                    await applying.apply(connection, town.pros, PersonForm(email, email, email, "en"), "Let me in")
            before = counted.number
            await cleo.open(DESK)
            counts.append(counted.number - before)
        assert counts[0] == counts[1]
        seen = re.findall(r'id="name-([^"]+)"', cleo.text)
        onward = re.search(rf'href="({DESK}\?after=[^"]+)" rel="next"', cleo.text)
        assert onward is not None
        seen += re.findall(r'id="name-([^"]+)"', await cleo.open(onward[1]))
        assert len(set(seen)) == len(seen) == 33


def test_a_programme_is_opened_and_closed_by_command(community: Callable[..., Ran], tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(BOOK.format(slug="pros", name="Pros"))
    community("programme", "apply", book, "--yes")
    assert "anybody may apply at /p/pros/application" in community("programme", "open", "pros").out
    assert "open already" in community("programme", "open", "pros", status=1).err
    assert "by invitation" in community("programme", "close", "pros").out
    assert "closed already" in community("programme", "close", "pros", status=1).err
    community("programme", "open", "nowhere", status=2)
