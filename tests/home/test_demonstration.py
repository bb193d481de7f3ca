"""The cast of a demonstration is signed in by one click; nowhere else is there such a page, or a way to make one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.changes import actions as changes
from community.home.demo import actions, queries
from community.home.demo.cast import speak
from community.home.demo.models import MARKED
from community.home.demo.people import people
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import Conflict, NotFound
from community.kit.settings import Settings
from community.members.models import MEMBER, PROFILE
from community.people.actions import roles
from community.people.models import SESSION
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from tests.home.stage import BOOK, Town, somebody
from tests.people.browser import installation
from tests.people.stage import NOON, member, person, rows

pytestmark = pytest.mark.anyio
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    with clock.stopped(NOON):
        yield


@asynccontextmanager
async def demonstration(engine: AsyncEngine, database_url: str, home: Path) -> AsyncIterator[Starlette]:
    """A small one, served."""
    async with writing(engine) as connection:
        await actions.mark(connection)
    text = BOOK.format(slug="demo", name="Demo")
    await changes.apply(engine, NewVersion(parse(text, "book.yaml").book, text), actor="demo")
    players = {part: await person(engine, f"{part}@example.org", None) for part in ("member", "manager")}
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "demo")
        await roles.hold(connection, players["manager"], Role.MANAGER, Place(programme_id=programme.id), "demo")
        one = await member(connection, programme.id, "member")
        await connection.execute(update(MEMBER).where(MEMBER.c.id == one).values(person_id=players["member"]))
        await actions.name_players(connection, players)
    async with installation(Settings(home=home, database_url=database_url, rate_scale=0)) as app:
        yield app


@ONLY_SQLITE
async def test_one_click_makes_one_of_them(engine: AsyncEngine, database_url: str, tmp_path: Path) -> None:
    async with demonstration(engine, database_url, tmp_path) as app, somebody(app) as zoe:
        shown = await zoe.open("/")
        assert zoe.path == "/demo"
        assert re.findall(r'name="part" value="(\w+)"', shown) == ["member", "manager", "visitor"]
        assert "A demonstration: nobody here exists." in shown
        landings = (("member", "Member", "/p/demo"), ("manager", "Manager", "/p/demo/manage/applications"))
        for part, name, landing in landings:
            await zoe.open("/demo")
            shown = await zoe.post("/demo", {"part": part, "csrf": csrf(zoe.text)})
            assert zoe.path == landing
            assert f"You are {name}." in shown
            assert "Be somebody else" in shown
            assert len(await rows(engine, SESSION)) == 1
        await zoe.open("/demo")
        shown = await zoe.post("/demo", {"part": "visitor", "csrf": csrf(zoe.text)})
        assert "Be somebody" in shown
        assert (zoe.session, await rows(engine, SESSION)) == (None, [])
        await zoe.open("/demo")
        await zoe.post("/demo", {"part": "lead", "csrf": csrf(zoe.text)}, 404)
        await zoe.post("/demo", {"part": "member"}, 403)


def csrf(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


async def test_elsewhere_there_is_no_such_page(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    async with somebody(app, "zoe") as zoe:
        await zoe.open("/demo", 404)
        assert "demonstration" not in await zoe.open("/")
        token = csrf(await zoe.open("/account"))
        for part in ("member", "visitor", "manager", ""):
            await zoe.post("/demo", {"part": part, "csrf": token}, 404)
        assert zoe.session is not None
        await zoe.open("/account")
        assert zoe.path == "/account"
    async with writing(engine) as connection:
        with pytest.raises(NotFound):
            await actions.enter(connection, "manager", "")


async def test_no_database_in_use_becomes_a_demonstration(engine: AsyncEngine, town: Town) -> None:
    async with writing(engine) as connection:
        with pytest.raises(Conflict):
            await actions.mark(connection)
        with pytest.raises(Conflict):
            await actions.name_players(connection, {"manager": town.cleo_person})
    assert await rows(engine, MARKED) == []


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_on_postgresql_a_mark_counts_for_nothing(engine: AsyncEngine, database_url: str, tmp_path: Path) -> None:
    someone = await person(engine)
    async with writing(engine) as connection:
        with pytest.raises(Conflict):
            await actions.mark(connection)
        values = {"number": 1, "made_at": NOON, "players": {"manager": str(someone)}}
        await connection.execute(insert(MARKED).values(values))
    async with reading(engine) as connection:
        assert await queries.players(connection) is None
        assert not await queries.is_demonstration(connection)
    async with (
        installation(Settings(home=tmp_path, database_url=database_url, rate_scale=0)) as app,
        somebody(app) as zoe,
    ):
        await zoe.open("/demo", 404)


@ONLY_SQLITE
async def test_a_second_mark_is_refused(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await actions.mark(connection)
        with pytest.raises(Conflict):
            await actions.mark(connection)


def test_it_serves_its_own_folder_on_this_machine_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from community.home.demo import cli
    from community.kit.web import server

    served: list[Settings] = []
    monkeypatch.setattr(server, "serve", lambda _application, settings, _workers: served.append(settings))
    elsewhere = {
        "DATABASE_URL": "postgresql://db.example/real", "REDIS_URL": "redis://queue.example", "HOST": "0.0.0.0",  # noqa: S104
        "BASE_URL": "https://aces.example", "HOME": "/srv/real",
    }  # fmt: skip
    for name, value in elsewhere.items():
        monkeypatch.setenv(f"COMMUNITY_{name}", value)
    cli._serve(tmp_path)
    [present] = served
    assert present.url == f"sqlite:///{tmp_path / 'community.sqlite3'}"
    assert (present.redis_url, present.host, present.base_url) == ("", "127.0.0.1", "")


def test_nothing_but_the_demonstration_writes_the_mark() -> None:
    import community

    package = Path(community.__file__).parent
    naming = [
        str(file.relative_to(package)) for file in package.rglob("*.py") if "import MARKED" in file.read_text("utf-8")
    ]
    assert sorted(naming) == [f"home/demo/{name}.py" for name in ("actions", "queries")]
    marking = [
        str(file.relative_to(package)) for file in package.rglob("*.py") if "actions.mark(" in file.read_text("utf-8")
    ]
    assert marking == ["home/demo/show.py"]


@ONLY_SQLITE
async def test_nearly_half_of_its_members_say_something(engine: AsyncEngine) -> None:
    text = BOOK.format(slug="demo", name="Demo")
    await changes.apply(engine, NewVersion(parse(text, "book.yaml").book, text), actor="demo")
    today = date(2026, 11, 23)
    async with writing(engine) as connection:
        programme = await programmes.programme(connection, "demo")
        for one in people(7, today):
            await member(connection, programme.id, one.handle)
        await speak(connection, programme.id, 7, today)
    said = await rows(engine, PROFILE)
    assert 800 <= len(said) <= 1_000
    assert {"{town}" in (row.biography or "") for row in said} == {False}
