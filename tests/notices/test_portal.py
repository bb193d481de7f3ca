"""Messages through HTTP, what comes by mail, stopping it by one click, and the weekly digest.

ada is a member who is somebody; ben is a member whom nobody is bound to; zoe is nobody there; max is a member of
another programme.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.history.actions import Line, write
from community.history.models import RECORD
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.mail.models import MAIL
from community.kit.mail.sending import send_waiting
from community.kit.settings import Settings
from community.ledger import actions as ledger
from community.members.actions import bind
from community.members.models import MEMBER
from community.notices.actions import choose, mark_read, queue_digests, tell
from community.notices.letters import LETTERS
from community.notices.models import MAIL_CHOICE, MESSAGE
from community.notices.queries import Inbox
from community.notices.rules import MAILED, TOLD, WANTED, MailKind, Recipient, digest_week
from community.notices.unsubscribing import Stopping, read_token, token_of
from community.people.actions import persons
from community.people.forms import Profile
from community.programmes import actions as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.models import STANDING
from tests.kit.mail.stage import server, settings_of
from tests.leaderboards.test_boards import counted
from tests.people.browser import Browser, browser, installation
from tests.people.stage import GOOD, NOON, member, person, records, rows

pytestmark = pytest.mark.anyio

BOOK = """\
format: 1
programme: {{slug: {slug}, name: The {slug}, timezone: UTC, locale: en}}
contribution_types: [{{key: talk, name: Talk, points: {{base: 5}}}}]
tiers:
  - {{key: star, name: Star, gain: {{metric: points, min: 5, window: 90d}}, grace_days: 20}}
  - {{key: giant, name: Giant, gain: {{metric: points, min: 50}}}}
"""
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """The clock stands at noon of 2026-03-31, a Tuesday."""
    with clock.stopped(NOON):
        yield


@dataclass
class Stage:
    """Two programmes and their members."""

    engine: AsyncEngine
    stars: int
    others: int
    ada: int
    ben: int
    max: int
    person: UUID

    async def told(self, *lines: Line, programme: int | None = None) -> list[int]:
        """Records of a programme, told at once; answers their ids."""
        programme = programme or self.stars
        async with writing(self.engine) as connection:
            last = await connection.scalar(select(func.coalesce(func.max(RECORD.c.id), 0)))
            await write(connection, programme, "rules", lines)
            found = await connection.scalars(select(RECORD.c.id).where(RECORD.c.id > last).order_by(RECORD.c.id))
            ids = list(found)
            await tell(connection, programme, ids)
            return ids

    async def sent(self) -> Sequence[Any]:
        """Sends what waits; answers the mails."""
        with server() as (post, url):
            await send_waiting(self.engine, settings_of(url), LETTERS)
        return post.taken


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    settings = Settings(home=tmp_path / "home", database_url=database_url, rate_scale=0, secret_key="k" * 40)
    async with installation(settings) as made:
        yield made


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    """The programmes."""
    people = {name: await person(engine, f"{name}@example.org") for name in ("ada", "max", "zoe")}
    ids = []
    async with writing(engine) as connection:
        for slug in ("stars", "others"):
            text = BOOK.format(slug=slug)
            ids.append(await programmes.create(connection, NewVersion(parse(text, "book").book, text), "cli"))
            await ledger.open_ledger(connection, ids[-1])
        stars, others = ids
        ada, ben, other = [
            await member(connection, one, name) for one, name in ((stars, "ada"), (stars, "ben"), (others, "max"))
        ]
        await bind(connection, stars, ada, people["ada"])
        await bind(connection, others, other, people["max"])
    return Stage(engine, stars, others, ada, ben, other, people["ada"])


@pytest.fixture
async def ada(app: Starlette, stage: Stage) -> AsyncIterator[Browser]:
    """Ada, signed in."""
    async with browser(app) as made:
        await made.sign_in(ADA, GOOD)
        yield made


def headlines(text: str) -> list[str]:
    """What the messages of a page say, in their order; + before those that are new."""
    found = re.findall(r'<h2 id="message-\d+">(<span.*?</span> )?(.*?)</h2>', text)
    return [("+ " if new else "") + unescape(words) for new, words in found]


def token(who: Browser) -> dict[str, str]:
    """The token of the forms of the page that is shown."""
    found = re.search(r'name="csrf" value="([^"]+)"', who.text)
    assert found is not None
    return {"csrf": found[1]}


STEP = {"day": "2026-03-31", "version": 1, "from": None, "to": "star"}


def test_what_is_mailed_is_what_members_are_told() -> None:
    assert set(MAILED) == {verb for verb, recipient in TOLD.items() if recipient is Recipient.MEMBER}
    assert set(WANTED) == set(MailKind)
    assert digest_week(date(2026, 3, 30)) == digest_week(date(2026, 4, 5)) == (date(2026, 3, 23), date(2026, 3, 29))


async def test_messages_are_told_in_words_the_unread_first(stage: Stage, ada: Browser) -> None:
    assert "There is nothing to tell you yet." in await ada.open("/p/stars/messages")
    ids = await stage.told(
        Line("tier.gained", stage.ada, data=STEP),
        Line("tier.changed", stage.ada, data={**STEP, "from": "star", "to": "giant"}),
        Line("tier.changed", stage.ada, data={**STEP, "from": "giant", "to": "star"}),
        Line("standing.at_risk", stage.ada, data={"tier": "star", "lost_on": "2026-04-20", "version": 1}),
        Line("standing.at_risk", stage.ada, data={"tier": "gone", "lost_on": None, "version": 99}),
        Line("standing.safe", stage.ada, data={"tier": "star", "version": 1}),
        Line("tier.lost", stage.ada, data={**STEP, "from": "star", "to": None}),
        Line("contribution.returned", stage.ada, str(UUID(int=7)), {"note": "Say <b>where</b>."}),
        Line("tier.gained", stage.ben, data=STEP),
    )
    await stage.told(Line("tier.gained", stage.max, data=STEP), programme=stage.others)
    text = await ada.open("/p/stars/messages")
    assert headlines(text) == [
        "+ “A contribution” needs a change from you.",
        "+ You do not hold Star any more.",
        "+ Star is safe again.",
        "+ gone is at risk.",
        "+ Star is at risk: it is lost on 20 April 2026 unless something changes.",
        "+ You are Star now, no longer Giant.",
        "+ You are Giant now.",
        "+ You are Star now.",
    ]
    assert "8 messages are new." in text
    assert "Say &lt;b&gt;where&lt;/b&gt;." in text
    await ada.send(f"/p/stars/messages/{ids[7]}/read")
    assert headlines(ada.text)[-1] == "“A contribution” needs a change from you."
    assert "7 messages are new." in ada.text


async def test_nobody_reads_or_marks_the_messages_of_others(app: Starlette, stage: Stage, ada: Browser) -> None:
    [mine, ben] = await stage.told(Line("tier.gained", stage.ada, data=STEP), Line("tier.gained", stage.ben, data=STEP))
    [other] = await stage.told(Line("tier.gained", stage.max, data=STEP), programme=stage.others)
    await ada.open("/p/stars/messages")
    for record_id in (ben, other, 10**17):
        await ada.post(f"/p/stars/messages/{record_id}/read", token(ada))
    for odd in ("x", "-1", "9" * 40, "%C2%B2"):
        await ada.open("/p/stars/messages")
        await ada.post(f"/p/stars/messages/{odd}/read", token(ada), 404)
    await ada.open("/p/stars/messages")
    await ada.post("/p/others/messages/read", {**token(ada), "up_to": str(10**17)}, 404)
    await ada.open("/p/others/messages", 404)
    assert {row.read_at for row in await rows(stage.engine, MESSAGE)} == {None}
    async with browser(app) as zoe:
        for path in ("/p/stars/messages", "/p/stars/messages/preferences"):
            await zoe.open(path)
            assert zoe.path == f"/sign-in?next={path}"
        await zoe.sign_in("zoe@example.org", GOOD)
        await zoe.open("/account")
        for path in ("/p/stars/messages", "/p/stars/messages/preferences"):
            await zoe.open(path, 404)
        await zoe.open("/account")
        await zoe.post(f"/p/stars/messages/{mine}/read", token(zoe), 404)
    await ada.open("/p/stars/messages")
    await ada.post(f"/p/stars/messages/{mine}/read", {}, 403)


async def test_all_are_read_that_were_there_and_pages_follow_by_key(stage: Stage, ada: Browser) -> None:
    await stage.told(*(Line("tier.gained", stage.ada, data=STEP) for _ in range(70)))
    text = await ada.open("/p/stars/messages")
    form = {**token(ada), "up_to": re.findall(r'name="up_to" value="(\d+)"', text)[0]}
    await stage.told(Line("standing.safe", stage.ada, data={"tier": "star"}))
    await ada.post("/p/stars/messages/read", form)
    assert "One message is new." in ada.text
    path: str | None = "/p/stars/messages"
    seen: list[str] = []
    while path is not None:
        seen += headlines(await ada.open(path))
        more = re.search(r'href="([^"]*\?after=[^"]*)"', ada.text)
        path = unescape(more[1]) if more else None
    assert seen == ["+ Star is safe again.", *["You are Star now."] * 70]
    for odd in ("after=x", "after=-1", "after=" + "9" * 40, "after=1&read=perhaps"):
        await ada.open(f"/p/stars/messages?{odd}")
    for odd_form in ({}, {"up_to": "x"}, {"up_to": "9" * 30}):
        await ada.open("/p/stars/messages")
        await ada.post("/p/stars/messages/read", {**token(ada), **odd_form})
    assert "One message is new." in ada.text


async def test_a_list_of_any_length_takes_as_many_statements(app: Starlette, stage: Stage, ada: Browser) -> None:
    seen = set()
    for count in (2, 25):
        await stage.told(
            *(Line("contribution.approved", stage.ada, str(UUID(int=n))) for n in range(count)),
            *(Line("tier.gained", stage.ada, data=STEP) for _ in range(2)),
        )
        await ada.open("/p/stars/messages")
        with counted(app.state.site.engine) as statements:
            await ada.open("/p/stars/messages")
        seen.add(len(statements))
    assert len(seen) == 1


async def test_what_matters_comes_by_mail_once_and_only_while_it_is_unread(stage: Stage) -> None:
    ids = await stage.told(
        Line("tier.gained", stage.ada, data=STEP), Line("tier.gained", stage.ben, data=STEP),
        Line("contribution.approved", stage.ada, str(UUID(int=1))),
        Line("standing.at_risk", stage.ada, data={"tier": "star", "lost_on": "2026-04-20", "version": 1}),
    )  # fmt: skip
    async with writing(stage.engine) as connection:
        assert await tell(connection, stage.stars, ids) == 0
        assert await mark_read(connection, Inbox(stage.stars, stage.ada), [ids[0]]) == 1
    assert len(await rows(stage.engine, MAIL)) == 2
    [mail] = await stage.sent()
    assert mail["Subject"].strip() == "Star is at risk: it is lost on 20 April 2026 unless something changes."
    assert mail["To"] == "Ada <ada@example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/unsubscribe/" in mail["List-Unsubscribe"]
    text = mail.get_body(("plain",)).get_content()
    assert "/p/stars/messages" in text
    assert mail["List-Unsubscribe"].strip("<>") in text
    assert await stage.sent() == []


async def test_mails_speak_the_language_of_whoever_gets_them(stage: Stage) -> None:
    async with writing(stage.engine) as connection:
        await persons.set_profile(connection, stage.person, Profile("Ada", "fr", None))
    await stage.told(Line("tier.gained", stage.ada, data=STEP))
    [mail] = await stage.sent()
    assert mail["Subject"] == "Palier atteint\u00a0: Star."


async def test_a_mail_on_a_tier_at_risk_says_what_is_missing(stage: Stage) -> None:
    async with writing(stage.engine) as connection:
        await ledger.adjust(
            connection, stage.stars, stage.ada, 3, day=date(2026, 3, 25), version=1, note="thanks", actor="test"
        )
        values = {"programme_id": stage.stars, "member_id": stage.ada, "tier": "star", "since": date(2026, 1, 1)}
        await connection.execute(insert(STANDING).values(**values, locked=False, changes=1, decisions=1))
    await stage.told(Line("standing.at_risk", stage.ada, data={"tier": "star", "lost_on": "2026-04-20", "version": 1}))
    [mail] = await stage.sent()
    text = mail.get_body(("plain",)).get_content()
    assert "What it asks for and you do not have:" in text
    assert "at least 5 points in the last 90 days; now: 3" in text


@pytest.mark.parametrize("gone", ["left", "deactivated", "chose"])
async def test_who_is_gone_or_wants_none_gets_no_mail(stage: Stage, gone: str) -> None:
    await stage.told(Line("tier.gained", stage.ada, data=STEP))
    async with writing(stage.engine) as connection:
        if gone == "left":
            await connection.execute(update(MEMBER).where(MEMBER.c.id == stage.ada).values(status="left"))
        elif gone == "deactivated":
            await persons.deactivate(connection, stage.person, "cli")
        else:
            await choose(connection, stage.stars, stage.ada, {MailKind.STEPS: False}, "test")
    assert await stage.sent() == []
    await stage.told(Line("tier.gained", stage.ada, data=STEP))
    assert [row.state for row in await rows(stage.engine, MAIL)] == ["dropped"]


async def test_a_member_chooses_what_comes_by_mail(stage: Stage, ada: Browser) -> None:
    text = await ada.open("/p/stars/messages/preferences")
    assert re.findall(r'value="(\w+)" checked', text) == ["steps", "risk", "returned"]
    await ada.post("/p/stars/messages/preferences", {**token(ada), "kind": "decided"})
    assert re.findall(r'value="(\w+)" checked', ada.text) == ["decided"]
    assert "Saved." in ada.text
    await ada.post("/p/stars/messages/preferences", {**token(ada), "kind": "decided", "member": str(stage.ben)})
    chosen = {row.kind: row.wanted for row in await rows(stage.engine, MAIL_CHOICE)}
    assert chosen == {"steps": False, "risk": False, "returned": False, "decided": True}
    assert len(await records(stage.engine, "member.mails_chosen")) == 1
    await ada.post("/p/stars/messages/preferences", {"kind": "decided"}, 403)
    await ada.open("/p/others/messages/preferences", 404)
    await ada.open("/account")
    await ada.post("/p/others/messages/preferences", {**token(ada), "kind": "digest"}, 404)


async def stopping_token(app: Starlette, stage: Stage, kind: MailKind = MailKind.STEPS) -> str:
    """The token of a mail to ada."""
    return token_of(app.state.site.settings, Stopping(stage.stars, stage.ada, stage.person, kind))


async def test_looking_changes_nothing_and_one_click_stops_one_kind(app: Starlette, stage: Stage) -> None:
    path = f"/unsubscribe/{await stopping_token(app, stage)}"
    async with browser(app) as anybody:
        assert "Stop the mails “Steps”?" in unescape(await anybody.open(path))
        assert await rows(stage.engine, MAIL_CHOICE) == []
        assert anybody.page is not None
        assert anybody.page.headers.get("set-cookie") is None
        shown = await anybody.client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert (shown.status_code, shown.headers.get("location")) == (200, None)
        assert "These mails have stopped." in shown.text
        again = await anybody.client.post(path, content=b"", headers={"origin": "https://mail.example"})
        assert again.status_code == 200
        assert "These mails have stopped." in await anybody.open(path)
    assert {(row.member_id, row.kind, row.wanted) for row in await rows(stage.engine, MAIL_CHOICE)} == {
        (stage.ada, "steps", False)
    }
    assert len(await records(stage.engine, "member.mails_chosen")) == 1


async def test_a_token_is_made_by_nobody_else(app: Starlette, stage: Stage) -> None:
    settings = app.state.site.settings
    good = await stopping_token(app, stage)
    assert read_token(settings, good) == Stopping(stage.stars, stage.ada, stage.person, MailKind.STEPS)
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("another key")})
    forged = token_of(other, Stopping(stage.stars, stage.ada, stage.person, MailKind.STEPS))
    moved = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    odd = ["x", "%00", "A" * 60, "é", "A" * 5000, good + "A", good[1:], moved, forged, "%F0%9F%98%80"]
    async with browser(app) as anybody:
        for one in odd:
            for answer in (
                await anybody.client.get(f"/unsubscribe/{one}"),
                await anybody.client.post(f"/unsubscribe/{one}", data={"List-Unsubscribe": "One-Click"}),
            ):
                assert answer.status_code in (400, 404), one
        async with writing(stage.engine) as connection:
            await connection.execute(update(MEMBER).where(MEMBER.c.id == stage.ada).values(person_id=None))
        assert (await anybody.client.post(f"/unsubscribe/{good}", data={})).status_code == 404
    assert await rows(stage.engine, MAIL_CHOICE) == []


async def test_a_digest_reaches_each_who_wants_one_once(stage: Stage) -> None:
    """However often it is made: half of it, twice, or side by side."""
    week = digest_week(date(2026, 3, 31))
    async with writing(stage.engine) as connection:
        for programme, who in ((stage.stars, stage.ada), (stage.others, stage.max)):
            await choose(connection, programme, who, {MailKind.DIGEST: True}, "test")
            assert await queue_digests(connection, programme, 1, 10**9, week) == 0
        await ledger.adjust(
            connection, stage.stars, stage.ada, 12, day=date(2026, 3, 25), version=1, note="thanks", actor="test"
        )
        await ledger.adjust(
            connection, stage.stars, stage.ben, 12, day=date(2026, 3, 25), version=1, note="thanks", actor="test"
        )
        await ledger.adjust(
            connection, stage.others, stage.max, 9, day=date(2026, 3, 30), version=1, note="thanks", actor="test"
        )
    await stage.told(Line("contribution.approved", stage.ada, str(UUID(int=1))))
    for first, last in ((1, stage.ada), (1, 10**9), (stage.ada, stage.ada)):
        async with writing(stage.engine) as connection:
            with counted(stage.engine) as statements:
                assert await queue_digests(connection, stage.stars, first, last, week) == 1
            assert len(statements) <= 2
    with clock.stopped(NOON + timedelta(hours=1)):
        [mail] = await stage.sent()
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Your week at The stars"
    assert "From 23 March 2026 to 29 March 2026:" in text
    assert "0 contributions counted, +12 points." in text
    assert "1 message waits for you." in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    async with reading(stage.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(MAIL)) == 1
