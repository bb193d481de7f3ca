"""The directory: search, filters, pages by key, and nobody found by what one may not see."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.kit.db import writing
from community.members.models import EXPERTISE, MEMBER, PROFILE
from community.members.rules import FIELDS
from tests.home.stage import Counted, Town, somebody, stand
from tests.people.browser import Browser
from tests.people.stage import member

pytestmark = pytest.mark.anyio
PATH = "/p/pros/members"


async def known(
    engine: AsyncEngine, programme: int, handle: str, country: str | None = None, *skills: str, to: str = "public",
    said: dict[str, str] | None = None,
) -> int:  # fmt: skip
    """A member with a profile."""
    async with writing(engine) as connection:
        found = await member(connection, programme, handle)
        await connection.execute(update(MEMBER).where(MEMBER.c.id == found).values(country=country))
        audiences = {f"{field}_to": (said or {}).get(field, to) for field in FIELDS}
        where = {"programme_id": programme, "member_id": found}
        await connection.execute(insert(PROFILE).values(**where, **audiences, languages=[], links=[]))
        for place, one in enumerate(skills):
            await connection.execute(insert(EXPERTISE).values(**where, folded=one.lower(), label=one, place=place))
        return found


async def handles(browser: Browser, query: str = "") -> list[str]:
    shown = (await browser.open(PATH + query)).partition('id="list"')[2]
    return re.findall(rf'<a href="{PATH}/([^"/]+)"', shown)


async def test_search_and_filters(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    grace = await known(engine, town.pros, "grace", "US", "Compilers")
    await known(engine, town.pros, "élodie", "FR", "Compilers", "Teaching")
    await known(engine, town.pros, "hidden", "FR", "Compilers", said={"country": "members", "expertise": "managers"})
    await known(engine, town.pros, "unlisted", "FR", "Compilers", said={"listed": "members"})
    await known(engine, town.stars, "elsewhere", "FR", "Compilers")
    await stand(engine, town.pros, grace, "guide")
    async with somebody(app) as zoe:
        assert await handles(zoe) == ["grace", "hidden", "%C3%A9lodie"]
        assert await handles(zoe, "?words=GRA") == ["grace"]
        assert await handles(zoe, "?words=%25") == []
        assert await handles(zoe, "?words=_____") == []
        assert await handles(zoe, "?tier=guide") == ["grace"]
        assert await handles(zoe, "?country=FR") == ["%C3%A9lodie"]
        assert await handles(zoe, "?expertise=compilers") == ["grace", "%C3%A9lodie"]
        assert await handles(zoe, "?country=FR&expertise=COMPILERS&words=lod") == ["%C3%A9lodie"]
        assert await handles(zoe, "?country=US&expertise=teaching") == []
        assert "Nobody like that" in zoe.text
        assert "noindex, follow" in zoe.text
        shown = await zoe.open(PATH)
        assert "noindex" not in shown
        assert '<option value="FR">France</option>' in shown
        assert '<option value="compilers">Compilers</option>' in shown
    async with somebody(app, "ben") as ben:
        assert await handles(ben, "?country=FR") == ["hidden", "unlisted", "%C3%A9lodie"]
        assert await handles(ben, "?expertise=compilers") == ["grace", "unlisted", "%C3%A9lodie"]
    async with somebody(app, "cleo") as cleo:
        assert len(await handles(cleo, "?expertise=compilers")) == 4


async def test_pages_go_on_behind_a_handle(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    for number in range(60):
        await known(engine, town.pros, f"m{number:02}", "FR" if number % 2 else "US")
    async with somebody(app) as zoe:
        seen, query = [], "?country=FR"
        while query:
            seen += await handles(zoe, query)
            onward = re.search(rf'href="{PATH}(\?[^"]+)" rel="next"', zoe.text)
            query = onward[1].replace("&amp;", "&") if onward else ""
        assert seen == [f"m{number:02}" for number in range(1, 60, 2)]
        assert "From the beginning" in zoe.text


async def test_the_number_of_statements_does_not_grow_with_members(
    engine: AsyncEngine, app: Starlette, town: Town
) -> None:
    async with somebody(app) as zoe:
        counted, counts = Counted(app), []
        for more in (3, 18):
            for number in range(more):
                await known(engine, town.pros, f"m{more}-{number}", "FR", "Compilers")
            before = counted.number
            assert len(await handles(zoe)) >= more
            counts.append(counted.number - before)
        assert counts[1] <= counts[0] <= 10


async def test_htmx_is_given_the_list_alone(engine: AsyncEngine, app: Starlette, town: Town) -> None:
    await known(engine, town.pros, "grace")
    async with somebody(app) as zoe:
        part = await zoe.open(PATH, 200, **{"hx-request": "true"})
        assert part.strip().startswith('<div id="list">')


@pytest.mark.parametrize("query", ["?after=%EF%BF%BF", "?words=" + "x" * 5_000, "?tier[]=1", "?country=%F0%9F%98%80"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_odd_queries_find_nobody(app: Starlette, town: Town, query: str) -> None:
    async with somebody(app) as zoe:
        assert await handles(zoe, query) == []


async def test_there_is_no_directory_of_no_programme(app: Starlette, town: Town) -> None:
    async with somebody(app) as zoe:
        await zoe.open("/p/nowhere/members", 404)
        await zoe.open(f"{PATH}?words=%00", 400)
