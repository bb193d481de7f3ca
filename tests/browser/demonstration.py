"""A small demonstration with its cast, served, and the way in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page
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


async def enter(page: Page, part: str) -> None:
    await page.goto("/demo")
    await page.locator(f"form:has(input[value={part}]) button").click()
    await page.wait_for_load_state()
