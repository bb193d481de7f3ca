"""A member's home, their statement, and the front page, through HTTP: ada takes part, ben reviews, cleo manages, zoe
is a stranger."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.changes import actions as changes
from community.contributions.actions import review, take_in
from community.contributions.actions.held import Content
from community.contributions.queries import contributions
from community.home.refresh import refresh
from community.kit import clock
from community.kit.db import writing
from community.kit.settings import Settings
from community.ledger import actions as ledger
from community.members.actions.status import set_status
from community.members.models import MEMBER, Status
from community.people.actions import persons, roles
from community.people.forms import Profile
from community.people.queries import by_email
from community.people.rules import Place, Role
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.models import PROGRAMME
from community.programmes.parse import parse
from tests.people.browser import Browser, browser, installation
from tests.people.stage import GOOD, grow, member, person

pytestmark = pytest.mark.anyio
CAST = ("ada", "ben", "cleo", "zoe")

BOOK = """\
format: 1
programme: {slug: aces, name: {en: Aces, fr: Les As}, timezone: UTC, locale: en}
contribution_types:
  - {key: talk, name: {en: Talk, fr: Conférence}, points: {base: 40}}
  - {key: post, name: {en: Blog post, fr: Article}, points: {base: 20}}
  - {key: spam, name: Nothing, points: {base: 0}}
tiers:
  - key: associate
    name: Associate
    gain: {metric: points, min: 60, window: 90d}
    keep: {share: 0.5}
    grace_days: 20
  - key: pro
    name: Pro
    promotion: manual
    gain:
      at_least:
        count: 2
        of:
          - {metric: contributions, types: [talk], min: 3, window: 365d}
          - {metric: active_months, min: 2, window: 12mo}
          - {metric: tenure, min: 100}
leaderboards:
  - {key: hidden, name: Hidden, metric: points, audience: managers}
  - {key: ever, name: {en: All time, fr: Depuis toujours}, metric: points}
"""


@dataclass
class Scene:
    """The programme `aces` of the bridge, with ada in it, and everybody's accounts."""

    engine: AsyncEngine
    app: Starlette
    ada: int
    other: int

    async def report(self, day: date, type_key: str, title: str, *, approve: bool = True, member_id: int = 0) -> None:
        """Somebody reports something; ada, if nobody else is said."""
        async with writing(self.engine) as connection:
            programme = await programmes.programme(connection, "aces")
            arrival = await take_in.arrivals(connection, programme.id, 1)
            content = Content(type_key, title, None, day, None, None, {})
            row = take_in.Incoming(member_id or self.ada, f"{title}-{arrival}", content, arrival)
            await take_in.take_in(connection, programme, "file", [row], approve=approve, actor="cli")

    async def refresh(self) -> None:
        """The daily run."""
        await refresh(self.engine, "aces")


@pytest.fixture
async def scene(engine: AsyncEngine, database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    with at(2026, 1, 1):
        async with installation(Settings(home=tmp_path / "home", database_url=database_url)) as app:
            tree = await grow(engine)
            await changes.apply(engine, NewVersion(parse(BOOK, "book.yaml").book, BOOK), actor="cli")
            people = {name: await person(engine, f"{name}@example.org") for name in CAST}
            async with writing(engine) as connection:
                aces = await programmes.programme(connection, "aces")
                await connection.execute(update(PROGRAMME).where(PROGRAMME.c.id == aces.id).values(unit_id=tree.bridge))
                ids = [await member(connection, aces.id, name) for name in ("ada", "noor")]
                await connection.execute(update(MEMBER).where(MEMBER.c.id == ids[0]).values(person_id=people["ada"]))
                await roles.grant(connection, people["ben"], Role.REVIEWER, Place(programme_id=aces.id), "cli")
                await roles.grant(connection, people["cleo"], Role.MANAGER, Place(unit_id=tree.north), "cli")
            yield Scene(engine, app, *ids)


@contextmanager
def at(*day: int) -> Iterator[None]:
    with clock.stopped(datetime.combine(date(*day), time(12), UTC)):
        yield


@pytest.fixture
async def ada(scene: Scene) -> AsyncIterator[Browser]:
    async with browser(scene.app) as made:
        yield made


async def enter(visitor: Browser, name: str = "ada") -> Browser:
    """Signs in, at the time that it is."""
    visitor.client.cookies.clear()
    await visitor.sign_in(f"{name}@example.org", GOOD)
    return visitor


def read(page: str) -> str:
    """The words of a page, with single spaces."""
    body = page[page.index("<main") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


async def at_home(visitor: Browser) -> str:
    return read(await visitor.open("/p/aces"))


@contextmanager
def counted(app: Starlette) -> Iterator[list[str]]:
    """The statements that the application sends."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    engine = app.state.site.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_a_new_member_reads_what_the_first_tier_asks_for(scene: Scene, ada: Browser) -> None:
    with at(2026, 1, 2):
        await scene.refresh()
        page = await at_home(await enter(ada))
    assert "You have no tier yet. Associate is 60 points away." in page
    assert "What Associate asks for" in page
    assert "In the last 90 days, since 5 October 2025" in page
    assert "0 / 60" in page
    assert "2 contributions of type Talk would be enough, at 40 or more each" in page
    assert "What you report stands here" in page
    assert "You do not stand on it yet" in page
    assert "Hidden" not in page


async def test_while_safe_home_tells_the_day_that_the_rule_book_s_own_table_has(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "talk", "Engines")
        await scene.report(date(2026, 3, 20), "post", "Notes")
        await scene.refresh()
        page = await at_home(await enter(ada))
    assert "You are Associate." in page
    assert "since 20 March 2026" in page
    assert "Associate is safe until 30 May 2026 as things stand." in page
    assert "Then you would have 20, and it asks for 30 points in the last 90 days, since 2 March 2026." in page
    assert "Without more, Associate would be lost on 19 June 2026." in page
    assert "Enough before that day: 10 points. 1 contribution of type Talk is enough" in page
    assert "Engines" in page
    assert "+40" in page


async def test_at_risk_home_tells_the_day_and_the_ways_back(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "talk", "Engines")
        await scene.report(date(2026, 3, 20), "post", "Notes")
        await scene.refresh()
    with at(2026, 5, 30):
        await scene.refresh()
        page = await at_home(await enter(ada))
        assert "You are Associate, and at risk of losing it." in page
        assert "Associate is lost on 19 June 2026 unless something changes. At risk since 30 May 2026." in page
        assert "Enough to keep it: 10 points. 1 contribution of type Talk is enough, going by yours so far." in page
        assert "What Associate asks you to keep" in page
        assert "20 / 30" in page
        assert "at risk" in read(await ada.open("/"))
        await scene.report(date(2026, 5, 30), "post", "More notes")
        await scene.refresh()
        assert "at risk" not in await at_home(ada)


async def test_the_next_tier_is_told_as_what_is_nearest_with_its_choice(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        for title in ("Engines", "Looms"):
            await scene.report(date(2026, 3, 1), "talk", title)
        await scene.refresh()
        page = await at_home(await enter(ada))
    assert "Pro is 1 contribution of type Talk and 22 days away." in page
    assert "2 of these 3 · a manager confirms" in page
    assert "3 contributions of type Talk" in page
    assert "2 / 3" in page
    assert "Reached on 11 April 2026" in page
    assert "0 of 2 reached" in page


async def put_in_force(scene: Scene, *tiers: str) -> None:
    """A later version of the book with these tiers."""
    text = BOOK[: BOOK.index("tiers:")] + "tiers:\n" + "".join(f"  - {one}\n" for one in tiers)
    await changes.apply(scene.engine, NewVersion(parse(text, "book.yaml").book, text), actor="cli")


async def test_a_tier_of_a_cycle_tells_from_when_on_what_counts(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await put_in_force(
            scene,
            "{key: yearly, name: Yearly, gain: {metric: contributions, min: 2, window: cycle}, demotion: cycle_end}",
        )
        for title in ("Engines", "Looms"):
            await scene.report(date(2026, 3, 1), "talk", title)
        await scene.refresh()
        page = await at_home(await enter(ada))
    assert "You are Yearly, the highest tier." in page
    assert "Yearly is safe until 1 January 2027 as things stand." in page
    assert "it asks for 2 contributions from 1 January 2027 to 31 December 2027." in page
    assert "Without more, Yearly would be lost on 1 January 2028." in page
    assert "What counts then happens from 1 January 2027 on: 2 contributions." in page


async def test_what_comes_by_itself_is_good_news(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await put_in_force(
            scene,
            "{key: new, name: New, gain: {metric: tenure, min: 10}}",
            "{key: old, name: Old, gain: {metric: tenure, min: 100}}",
        )
        await scene.refresh()
        page = await at_home(await enter(ada))
        assert "You are New. Old is 22 days away." in page
        assert "You become Old on 11 April 2026." in page
    with at(2026, 4, 11):
        await scene.refresh()
        page = await at_home(await enter(ada))
    assert "You are Old, the highest tier." in page
    assert "Old is safe for a year at least, even if nothing more comes in." in page


async def test_whoever_takes_no_part_any_more_reads_where_they_stood(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "talk", "Engines")
        await scene.report(date(2026, 3, 20), "post", "Notes")
        await scene.refresh()
        await enter(ada)
        async with writing(scene.engine) as connection:
            programme = await programmes.programme(connection, "aces")
            await set_status(
                connection, programme.id, scene.ada, Status.ON_LEAVE, today=programme.today, actor="cli",
                return_on=date(2026, 6, 10),
            )  # fmt: skip
        page = await at_home(ada)
        assert "You are on leave until 10 June 2026." in page
        assert "Associate is safe until 10 June 2026 as things stand." in page
        async with writing(scene.engine) as connection:
            await set_status(connection, programme.id, scene.ada, Status.ALUMNI, today=programme.today, actor="cli")
        page = await at_home(ada)
        assert "You are Associate." in page
        assert "You are an alumnus of the programme. Tier and points stay as they are." in page
        assert "asks for" not in page
        async with writing(scene.engine) as connection:
            await set_status(connection, programme.id, scene.ada, Status.LEFT, today=programme.today, actor="cli")
        await ada.open("/p/aces/points", 404)
        assert "You take part in no programme yet." in read(await ada.open("/"))


async def test_what_waits_and_what_was_decided_stand_on_home(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "talk", "<b>Bold</b>", approve=False)
        await scene.report(date(2026, 3, 2), "talk", "Returned", approve=False)
        async with writing(scene.engine) as connection:
            programme = await programmes.programme(connection, "aces")
            [returned] = [one.id async for one in contributions(connection, programme.id) if one.title == "Returned"]
            await review.return_for_changes(connection, programme, [returned], actor="cli", note="Which event?")
        await enter(ada)
        page = await ada.open("/p/aces")
    assert "<b>Bold</b>" not in page
    assert "in review" in read(page)
    assert "Waits for you Returned Which event?" in read(page)


async def test_home_speaks_french_too(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "talk", "Engines")
        await scene.refresh()
        await enter(ada)
        async with writing(scene.engine) as connection:
            me = await by_email(connection, "ada@example.org")
            await persons.set_profile(connection, me.id, Profile("Ada", "fr", None))
        page = await at_home(ada)
    assert "Vous n’avez pas encore de palier. Pour Associate, il manque 20 points." in page
    assert "Les As" in ada.text
    assert "Depuis toujours" in page


async def test_only_members_have_a_home(scene: Scene, ada: Browser) -> None:
    with at(2026, 1, 2):
        for name, status in (("ben", 200), ("cleo", 200), ("zoe", 404)):
            await enter(ada, name)
            await ada.open("/p/aces", status)
            assert ada.path == "/p/aces/rules"
            for path in ("/p/aces/points", "/p/aces/points.csv", "/p/nothing", "/p/pros/points"):
                await ada.open(path, 404)
        ada.client.cookies.clear()
        await ada.open("/p/aces/points")
        assert ada.path == "/sign-in?next=/p/aces/points"


async def test_every_line_of_the_statement_says_what_it_is_and_the_balance_after_it(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2025, 12, 31), "talk", "Old engines")
        await scene.report(date(2026, 3, 1), "post", "=Notes")
        async with writing(scene.engine) as connection:
            programme = await programmes.programme(connection, "aces")
            await ledger.adjust(
                connection, programme.id, scene.ada, -5, day=date(2026, 3, 2), version=1, note="A mistake", actor="cli"
            )
            [old] = [one.id async for one in contributions(connection, programme.id) if one.title == "Old engines"]
            await review.reverse(connection, programme, [old], actor="cli", note="Not hers")
        await scene.report(date(2026, 3, 3), "post", "Another's", member_id=scene.other)
        await enter(ada)
        page = read(await ada.open("/p/aces/points"))
        assert "You have 15 points to spend. You earned 15 in all, from 1 contribution that counts." in page
        assert page.index("Old engines") < page.index("A mistake") < page.index("=Notes")
        assert "Given by hand -5 55" in page.replace("−", "-")
        assert "Another's" not in page
        year = read(await ada.open("/p/aces/points?year=2025"))
        assert "Old engines" in year
        assert "A mistake" not in year
        kind = read(await ada.open("/p/aces/points?kind=adjustment"))
        assert "A mistake" in kind
        assert "Old engines" not in kind
        of_type = read(await ada.open("/p/aces/points?types=post&from=2026-01-01&to=2026-03-20"))
        assert "=Notes" in of_type
        assert "A mistake" not in of_type
        assert "Only what is of type Blog post." in of_type
        part = await ada.open("/p/aces/points?kind=adjustment", 200, **{"hx-request": "true"})
        assert "A mistake" in part
        assert "<main" not in part
        assert "Nothing of that kind" in read(await ada.open("/p/aces/points?types=spam"))
        file = await ada.open("/p/aces/points.csv")
        rows = list(csv.DictReader(StringIO(file)))
        assert [(row["title"], row["points"], row["balance_after"]) for row in rows] == [
            ("Old engines", "-40", "15"), ("A mistake", "-5", "55"), ("'=Notes", "20", "60"),
            ("Old engines", "40", "40"),
        ]  # fmt: skip
        assert len(list(csv.DictReader(StringIO(await ada.open("/p/aces/points.csv?kind=reversal"))))) == 1


async def test_what_makes_no_sense_narrows_nothing(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "post", "Notes")
        await enter(ada)
        for query in (
            "kind=x", "year=0000", "year=99999", "year=٢٠٢٦", "from=today", "to=2026-02-30", "before=-1", "before=x",
            "before=9999999999999999999999",
        ):  # fmt: skip
            assert "Notes" in await ada.open(f"/p/aces/points?{query}"), query
        await ada.open("/p/aces/points?types=" + "a," * 3_000)
        await ada.open("/p/aces/points?year=%00", 400)
        await ada.open("/p/aces/points?before=0")
        await ada.open("/p/aces/points?year=2026&from=2027-01-01")


async def test_a_long_statement_goes_on_by_key_and_asks_no_more_for_more_lines(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        await scene.report(date(2026, 3, 1), "post", "Notes 0")
        await enter(ada)
        with counted(scene.app) as few:
            await ada.open("/p/aces/points")
        for number in range(1, 60):
            await scene.report(date(2026, 3, 1), "post", f"Notes {number}")
        with counted(scene.app) as many:
            first = await ada.open("/p/aces/points?kind=award")
        assert len(many) == len(few)
        [more] = re.findall(r'href="(/p/aces/points\?[^"]*before=[^"]*)"', first)
        second = await ada.open(unescape(more))
        titles = re.findall(r"Notes \d+", first + second)
        assert titles == [f"Notes {number}" for number in range(59, -1, -1)]
        assert "Newest first" in second
        with counted(scene.app) as home:
            await ada.open("/p/aces")
        assert len(home) <= 18


async def test_the_front_page_shows_everybody_their_programmes(scene: Scene, ada: Browser) -> None:
    with at(2026, 3, 20):
        ada.client.cookies.clear()
        assert "Sign in" in read(await ada.open("/"))
        await scene.report(date(2026, 3, 1), "talk", "Engines")
        await scene.report(date(2026, 3, 20), "post", "Notes")
        await scene.refresh()
        page = await (await enter(ada)).open("/")
        assert 'href="/p/aces"' in page
        assert "Associate" in page
        assert "The Pros" not in page
        await enter(ada, "ben")
        page = read(await ada.open("/"))
        assert "Aces You review in it" in page
        assert "The Pros" not in page
        await enter(ada, "cleo")
        with counted(scene.app) as sent:
            page = read(await ada.open("/"))
        assert len(sent) <= 8
        assert "Aces You manage it" in page
        assert "The Pros You manage it" in page
        assert "The Stars" not in page
        await enter(ada, "zoe")
        assert "You take part in no programme yet." in read(await ada.open("/"))
