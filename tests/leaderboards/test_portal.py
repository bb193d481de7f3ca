"""The boards through HTTP: who sees which, one's own place far down, periods gone by, staying off, taking along.

| board | audience | what |
|---|---|---|
| open | everybody | points |
| inside | members | contributions |
| staff | managers | points |

ada is a member far down, ben reviews, cleo manages, zoe is nobody there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.applications import Starlette

from community.kit import clock
from community.kit.db import writing
from community.kit.settings import Settings
from community.leaderboards import actions
from community.leaderboards.rules import Due
from community.members.actions import bind
from community.members.models import MEMBER
from community.people.actions import roles
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from tests.leaderboards.cast import World, book_of
from tests.leaderboards.test_boards import counted
from tests.people.browser import Browser, browser, installation
from tests.people.stage import GOOD, NOON, person, records, rows

pytestmark = pytest.mark.anyio
MEMBERS = 130
BOARDS = (
    {"key": "open", "metric": "points", "audience": "public", "window": "month"},
    {"key": "inside", "metric": "contributions"},
    {"key": "staff", "metric": "points", "audience": "managers"},
)
"""Within one club of 130, the n-th of whom has n points in March."""


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """The clock stands at noon of 2026-03-31."""
    with clock.stopped(NOON):
        yield


@dataclass
class Club:
    """The programme, and whoever looks at it."""

    engine: AsyncEngine
    world: World
    ada: Browser
    ben: Browser
    cleo: Browser
    zoe: Browser
    away: Browser
    ids: dict[str, int] = field(default_factory=dict)


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    async with installation(Settings(home=tmp_path / "home", database_url=database_url, rate_scale=0)) as made:
        yield made


@pytest.fixture
async def club(app: Starlette, engine: AsyncEngine) -> AsyncIterator[Club]:
    """130 members, their boards as the jobs leave them, and four browsers that are signed in."""
    world = World(book_of("club", *BOARDS))
    people = {name: await person(engine, f"{name}@example.org") for name in ("ada", "ben", "cleo", "zoe")}
    async with writing(engine) as connection:
        await world.begin(connection)
        for number in range(1, MEMBERS):
            someone = await world.join(connection, f"m{number:03}", country="FR" if number % 2 else "DE")
            await world.give(connection, someone, date(2026, 3, 2), number * 2)
        ada = await world.join(connection, "Ada", country="FR")
        await world.give(connection, ada, date(2026, 3, 2), 21)
        await bind(connection, world.id, ada.id, people["ada"])
        await roles.grant(connection, people["ben"], Role.REVIEWER, Place(programme_id=world.id), "test")
        await roles.grant(connection, people["cleo"], Role.MANAGER, Place(programme_id=world.id), "test")
        await settled(connection)
    async with AsyncExitStack() as stack:
        browsers = {name: await stack.enter_async_context(browser(app)) for name in (*people, "away")}
        for name in people:
            await browsers[name].sign_in(f"{name}@example.org", GOOD)
        yield Club(engine, world, **browsers, ids={"ada": ada.id})


async def settled(connection: AsyncConnection) -> None:
    """The kept values are brought to the present."""
    programme = await programmes.programme(connection, "club")
    task = actions.Task(programme, programme.today)
    await actions.open_values(connection, programme, task.day)
    while await actions.touched_once(connection, programme, programme.today, 5_000):
        pass
    await actions.close_values(connection, task)


def listed(text: str) -> list[tuple[str, str]]:
    """The places of a page: rank and name, in each of its lists."""
    found = re.findall(
        r'<td class="number rank">([\d,]+)</td>\s*<td>\s*(?:<strong>|<bdi>|<span class="third">)([^<]*)<', text
    )
    return [(rank, name) for rank, name in found]


async def test_each_sees_the_boards_that_are_theirs_to_see(club: Club) -> None:
    seen = {
        name: set(re.findall(r'href="/p/club/boards/(\w+)"', await getattr(club, name).open("/p/club/boards")))
        for name in ("ada", "ben", "cleo", "zoe", "away")
    }
    assert seen == {
        "ada": {"open", "inside"}, "ben": {"open", "inside"}, "cleo": {"open", "inside", "staff"}, "zoe": {"open"},
        "away": {"open"},
    }  # fmt: skip
    for name, board, status in (
        ("ada", "staff", 404), ("ben", "staff", 404), ("cleo", "staff", 200), ("zoe", "inside", 404),
        ("zoe", "open", 200), ("zoe", "nothing", 404), ("ada", "nothing", 404), ("ada", "presence", 404),
    ):  # fmt: skip
        await getattr(club, name).open(f"/p/club/boards/{board}", status)
    for board in ("inside", "staff", "nothing"):
        await club.away.open(f"/p/club/boards/{board}")
        assert club.away.path == f"/sign-in?next=/p/club/boards/{board}"
    assert "You" not in dict(listed(await club.away.open("/p/club/boards/open"))).values()


async def test_the_own_place_far_down_stands_between_its_neighbours(club: Club) -> None:
    text = await club.ada.open("/p/club/boards/open")
    assert "You are in place 120 among 130 members." in text
    around, top = listed(text)[:11], listed(text)[11:]
    assert around == [
        *((str(rank), f"M{130 - rank:03}") for rank in range(115, 120)), ("120", "You"),
        *((str(rank), f"M{131 - rank:03}") for rank in range(121, 126)),
    ]  # fmt: skip
    assert [rank for rank, _name in top] == [str(rank) for rank in range(1, 51)]
    assert "place 120" in await club.ada.open("/p/club/boards")


async def test_pages_follow_by_key_to_the_last_place(club: Club) -> None:
    path: str | None = "/p/club/boards/open"
    seen: list[str] = []
    while path is not None:
        text = await club.zoe.open(path)
        seen += [rank for rank, _name in listed(text)]
        more = re.search(r'href="([^"]*after=[^"]*)"', text)
        path = more[1] if more else None
    assert seen == [str(rank) for rank in range(1, 131)]
    nowhere = await club.zoe.open("/p/club/boards/open?after=nobody")
    assert listed(nowhere)[0] == ("1", "M129")


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_board_narrows_to_a_country_and_a_tier(club: Club, fresh: bool) -> None:
    async with writing(club.engine) as connection:
        pro = club.world.people[9]
        await club.world.decide(connection, pro, date(2026, 3, 3), "pro")
        if fresh:
            await settled(connection)
    text = await club.ada.open("/p/club/boards/open?country=FR")
    assert "You are in place 61 among these." in text
    assert listed(text)[:11][5] == ("61", "You")
    assert listed(text)[11:13] == [("1", "M129"), ("2", "M127")]
    after = re.search(r'href="([^"]*after=[^"]*)"', text)
    assert after is not None
    assert "country=FR" in after[1]
    assert listed(await club.zoe.open(after[1].replace("&amp;", "&")))[0] == ("51", "M029")
    assert listed(await club.zoe.open("/p/club/boards/open?tier=pro")) == [("1", "M010")]
    nobody = await club.zoe.open("/p/club/boards/open?tier=pro&country=FR")
    assert listed(nobody) == []
    assert "Nobody of this country or tier stands on the board." in nobody
    for odd in ("country=XX", "tier=%27--", "country=", "after=%F0%9F%98%80", "country=FR&country=DE"):
        await club.zoe.open(f"/p/club/boards/open?{odd}")


async def test_one_switch_takes_a_member_off_the_boards_and_back(club: Club) -> None:
    async with writing(club.engine) as connection:
        programme = await programmes.programme(connection, "club")
        await actions.freeze(connection, programme, Due("open", date(2026, 2, 1), date(2026, 2, 28)))
    await club.ada.open("/p/club/boards")
    text = await club.ada.send("/p/club/boards/presence")
    assert "You stay off the boards." in text
    assert await records(club.engine, "member.presence_changed") == [
        ("member.presence_changed", None, {"on_boards": False})
    ]
    assert "among 130" not in text
    for _ in ("before the boards are brought to the present", "after it"):
        assert "Ada" not in {name for _rank, name in await every(club.zoe, "/p/club/boards/open")}
        assert "Ada" in {name for _rank, name in await every(club.cleo, "/p/club/boards/staff")}
        async with writing(club.engine) as connection:
            await settled(connection)
    again = await club.ada.post("/p/club/boards/presence", token(club.ada) | {"on_boards": "no"})
    assert "You stay off the boards." in again
    assert len(await records(club.engine, "member.presence_changed")) == 1
    await club.ada.send("/p/club/boards/presence")
    assert all(row.on_boards for row in await rows(club.engine, MEMBER, "on_boards"))


def token(who: Browser) -> dict[str, str]:
    """The token of the forms of the page that is shown."""
    found = re.search(r'name="csrf" value="([^"]+)"', who.text)
    assert found is not None
    return {"csrf": found[1]}


async def every(who: Browser, path: str) -> list[tuple[str, str]]:
    """All places of a board, page by page."""
    found: list[tuple[str, str]] = []
    more: re.Match[str] | None = None
    while path:
        found += listed(await who.open(path))
        more = re.search(r'href="([^"]*after=[^"]*)"', who.text)
        path = more[1].replace("&amp;", "&") if more else ""
    return found


async def test_the_switch_is_the_members_own(club: Club) -> None:
    await club.ada.open("/p/club/boards")
    for who in (club.zoe, club.cleo):
        await who.open("/p/club/boards")
        await who.open("/account")
        await who.post("/p/club/boards/presence", token(who) | {"on_boards": "no"}, 404)
    await club.zoe.open("/account")
    await club.ada.post("/p/club/boards/presence", token(club.zoe) | {"on_boards": "no"}, 403)
    await club.ada.post("/p/club/boards/presence", {"on_boards": "no"}, 403)
    for odd in ({}, {"on_boards": ""}, {"on_boards": "No"}, {"on_boards": "x" * 100_000}):
        await club.ada.open("/p/club/boards")
        await club.ada.post("/p/club/boards/presence", token(club.ada) | odd, 422)
    assert all(row.on_boards for row in await rows(club.engine, MEMBER, "on_boards"))


async def test_a_period_gone_by_stands_as_it_was_frozen(club: Club) -> None:
    async with writing(club.engine) as connection:
        march = await club.world.join(connection, "late")
        await club.world.give(connection, march, date(2026, 2, 5), 7)
        feb = club.world.people[0]
        await club.world.give(connection, feb, date(2026, 2, 6), 9)
        await club.world.give(connection, club.world.people[MEMBERS - 1], date(2026, 2, 6), 8)
        programme = await programmes.programme(connection, "club")
        await actions.freeze(connection, programme, Due("open", date(2026, 2, 1), date(2026, 2, 28)))
        await club.world.give(connection, march, date(2026, 2, 7), 100)
    path = "/p/club/boards/open/2026-02-01"
    text = await club.ada.open(path)
    assert "You took place 2 among 3 members." in text
    assert "February 2026" in text
    assert listed(text) == [("1", "M001"), ("2", "You"), ("3", "Late")]
    assert path in await club.zoe.open("/p/club/boards/open")
    assert listed(await club.away.open(path + "_2026-02-28")) == [("1", "M001"), ("2", "Ada"), ("3", "Late")]
    async with writing(club.engine) as connection:
        await club.world.change(connection, march, on_boards=False)
    assert listed(await club.zoe.open(path))[2] == ("3", "stays off the boards")
    assert "Late" not in club.zoe.text
    for odd in ("2026-01-01", "2026-02-30", "x", "2026-02-01_2026-03-31", "0000-00-00", "9" * 400):
        await club.zoe.open(f"/p/club/boards/open/{odd}", 404)
    await club.zoe.open("/p/club/boards/staff/2026-02-01", 404)
    for odd in ("-1", "x", "9" * 30, "%C2%B2"):
        await club.zoe.open(f"{path}?after={odd}")


async def test_managers_take_all_places_along(club: Club) -> None:
    await club.cleo.open("/p/club/boards/inside")
    assert "/p/club/boards/inside/places.csv" in club.cleo.text
    text = await club.cleo.open("/p/club/boards/inside/places.csv")
    assert club.cleo.page is not None
    assert club.cleo.page.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="club-inside-2026-03-31.csv"' in club.cleo.page.headers["content-disposition"]
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == MEMBERS
    assert {"rank", "handle", "value"} <= set(found[0])
    assert "places.csv" not in await club.ada.open("/p/club/boards/inside")
    for who in (club.ada, club.ben, club.zoe):
        await who.open("/p/club/boards/inside/places.csv", 404)
    await club.away.open("/p/club/boards/inside/places.csv")
    assert club.away.path.startswith("/sign-in")


async def test_a_board_that_the_book_dropped_keeps_its_periods(club: Club) -> None:
    async with writing(club.engine) as connection:
        programme = await programmes.programme(connection, "club")
        await actions.freeze(connection, programme, Due("open", date(2026, 2, 1), date(2026, 2, 28)))
        await club.world.apply(connection, book_of("club", *BOARDS[1:]), 2)
    text = await club.zoe.open("/p/club/boards/open")
    assert "The rule book has this board no more." in text
    await club.zoe.open("/p/club/boards/open/2026-02-01")
    await club.cleo.open("/p/club/boards/open/places.csv", 404)
    await club.cleo.open("/p/club/boards/open/2026-02-01/places.csv")
    assert "There is no board to see here." in await club.zoe.open("/p/club/boards")


async def test_pages_of_any_size_take_as_many_statements(club: Club) -> None:
    paths = ("/p/club/boards", "/p/club/boards/open", "/p/club/boards/open?country=FR")
    few: dict[str, int] = {}
    engine = club.ada.client._transport.app.state.site.engine  # type: ignore[attr-defined]  # what the app runs on
    for size in (0, 60):
        async with writing(club.engine) as connection:
            for number in range(size):
                someone = await club.world.join(connection, f"n{number}", country="FR")
                await club.world.give(connection, someone, date(2026, 3, 2), 500)
            await settled(connection)
        for path in paths:
            await club.ada.open(path)
            with counted(engine) as statements:
                await club.ada.open(path)
            assert few.setdefault(path, len(statements)) == len(statements)
            assert len(statements) < 20
