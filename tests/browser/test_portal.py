"""The pages of the portal in a real browser: by the cast of a small demonstration, with axe."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy.ext.asyncio import AsyncEngine

from community.changes import actions as changes
from community.home.demo import actions
from community.kit import db
from community.kit.db import writing
from community.members.actions import applying, bind, profile
from community.members.saying import read_said
from community.people.actions import roles
from community.people.forms import PersonForm
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion, set_open
from community.programmes.parse import parse
from tests.home.stage import BOOK
from tests.people.stage import member, person
from tests.web.stage import Served, serving

pytestmark = pytest.mark.anyio
AXE = Path(__file__).parent / "axe" / "axe.min.js"
ASKED = "async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])"
PAGES = (
    ("", "/demo"), ("", "/p/demo/members"), ("", "/p/demo/members/ada"), ("", "/p/demo/application"),
    ("member", "/p/demo/members/ada"), ("member", "/p/demo/profile"), ("member", "/p/demo/my-data"),
    ("manager", "/p/demo/manage/applications"), ("", "/p/demo/boards"), ("member", "/"), ("member", "/p/demo"),
    ("member", "/p/demo/contributions"), ("member", "/p/demo/contributions/new"),
    ("member", "/p/demo/contributions/new?type=talk"), ("member", "/p/demo/contributions/import"),
    ("member", "/p/demo/points"), ("member", "/p/demo/boards"), ("member", "/p/demo/rules"),
    ("member", "/p/demo/rules/changes"), ("member", "/p/demo/messages"), ("member", "/p/demo/messages/preferences"),
)  # fmt: skip


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """`community serve` on a small demonstration."""
    folder = tmp_path_factory.mktemp("demonstration")
    file = folder / "community.sqlite3"
    shutil.copy(sqlite_template, file)
    asyncio.run(_filled(f"sqlite:///{file}"))
    settings = {"COMMUNITY_HOME": str(folder), "COMMUNITY_DATABASE_URL": f"sqlite:///{file}"}
    with serving(folder, **settings, COMMUNITY_RATE_SCALE="0") as running:
        yield running


async def _filled(url: str) -> None:
    engine = db.create_engine(url)
    try:
        await _fill(engine)
    finally:
        await engine.dispose()


async def _fill(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await actions.mark(connection)
    text = BOOK.format(slug="demo", name="Demo")
    await changes.apply(engine, NewVersion(parse(text, "book.yaml").book, text), actor="demo")
    players = {part: await person(engine, f"{part}@example.org", None) for part in ("member", "manager")}
    public = {
        f"{field}_to": "public" for field in ("listed", "biography", "country", "expertise", "links", "languages")
    }
    said = {
        "name": "Ada Laurent", "biography": "I *write* [code](https://a.example).", "country": "FR",
        "links": "https://a.example", "languages": "fr", "expertise": "Teaching", **public,
    }  # fmt: skip
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "demo")
        ada = await member(connection, programme.id)
        await bind(connection, programme.id, ada, players["member"])
        await profile.set_said(connection, programme.id, ada, read_said(said), "demo")
        await roles.hold(connection, players["manager"], Role.MANAGER, Place(programme_id=programme.id), "demo")
        await set_open(connection, programme.id, True, "demo")
        form = PersonForm("noor@example.org", "noor@example.org", "Noor", "en")
        await applying.apply(connection, programme.id, form, "Let me in.")
        await actions.name_players(connection, players)


async def _enter(page: Page, part: str) -> None:
    await page.goto("/demo")
    await page.locator(f"form:has(input[value={part}]) button").click()
    await page.wait_for_load_state()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_pages_are_open_to_everybody(demonstration: Served, browser: Browser, dark: bool) -> None:
    """No rule of axe is broken, no policy either, and nothing reaches beyond a narrow screen."""
    for part, path in PAGES:
        context = await browser.new_context(
            viewport={"width": 360, "height": 800}, color_scheme="dark" if dark else "light",
            base_url=demonstration.base, bypass_csp=True,
        )  # fmt: skip
        page = await context.new_page()
        if part:
            await _enter(page, part)
        await page.goto(path)
        await page.add_script_tag(path=AXE)
        found = await page.evaluate(
            "async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])"
        )
        wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert (part, path, found, wide) == (part, path, [], False)
        await context.close()


async def test_the_directory_answers_while_one_types(demonstration: Served, browser: Browser) -> None:
    context = await browser.new_context(base_url=demonstration.base, locale="en")
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    await page.goto("/p/demo/members")
    await page.get_by_label("Name or handle").fill("nobody")
    await page.get_by_text("Nobody like that").wait_for()
    await page.get_by_label("Name or handle").fill("LAU")
    await page.get_by_role("link", name="Ada Laurent").wait_for()
    assert "words=LAU" in page.url
    assert said == []
    await context.close()
