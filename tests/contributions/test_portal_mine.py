"""My contributions and the preview through HTTP: filters, pages, what a contribution would give, links known before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.contributions.actions import edit, review
from community.contributions.portal.hosts import suggested
from community.contributions.portal.mine import SHOWN
from community.contributions.rules import host_of, same_links
from community.kit.db import writing
from community.programmes import queries
from tests.contributions.stage import LIST, NEW, TALK, Aces, decide, given, signed_in
from tests.people.browser import Browser

pytestmark = pytest.mark.anyio
PREVIEW = f"{LIST}/preview"
HTMX = {"hx-request": "true"}


def titles(text: str) -> list[str]:
    """The contributions that a page lists."""
    return re.findall(r'href="/p/aces/contributions/[0-9a-f-]{36}"><bdi>([^<]+)</bdi>', text)


async def typing(ada: Browser, **fields: str) -> str:
    """The fragment that htmx is given while ada types."""
    return await ada.open(f"{PREVIEW}?{urlencode(fields)}", 200, **HTMX)


async def test_the_list_opens_with_the_answer_and_is_empty_at_first(
    engine: AsyncEngine, aces: Aces, ada: Browser
) -> None:
    shown = await ada.open(LIST)
    assert "Nothing is reported yet." in shown
    assert f'href="{NEW}"' in shown
    assert 'aria-current="page"' in shown
    one, two = await given(engine, aces, title="One"), await given(engine, aces, title="Two")
    await given(engine, aces, title="Three")
    await decide(engine, review.approve, one)
    await decide(engine, review.return_for_changes, two, note="Which?")
    shown = " ".join((await ada.open(LIST)).split())
    assert "3 contributions, which gave 5 points." in shown
    assert "1 waits for a change of yours." in shown
    assert "1 is in review." in shown
    await given(engine, aces, "bob", title="Not hers")
    assert titles(await ada.open(LIST)) == ["Three", "Two", "One"]


async def test_filters_stand_in_the_url(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces, title="50% more", url="https://example.org/more")
    await given(engine, aces, title="A call", type="call")
    await given(engine, aces, title="Fast", type="answer")
    await decide(engine, review.reject, one)
    for query, found in (
        ("state=rejected", ["50% more"]), ("type=call", ["A call"]), ("text=50%25", ["50% more"]),
        ("text=EXAMPLE.org", ["50% more"]), ("text=_", []), ("state=approved&type=answer", ["Fast"]),
        ("state=nothing&type=tlak", ["Fast", "A call", "50% more"]),
        ("before=nonsense", ["Fast", "A call", "50% more"]),
        ("before=2026-03-01.99999999999999999999", ["Fast", "A call", "50% more"]),
    ):  # fmt: skip
        assert titles(await ada.open(f"{LIST}?{query}")) == found, query
    assert "None of yours is like that." in await ada.open(f"{LIST}?text=nothing")
    fragment = await ada.open(f"{LIST}?type=call", 200, **HTMX)
    assert titles(fragment) == ["A call"]
    assert "<html" not in fragment
    assert "selected>Call" in await ada.open(f"{LIST}?type=call")


async def test_pages_go_on_by_key_and_ask_no_more_for_more_rows(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    await given(engine, aces, title="Number 0")
    with counted(engine, ada) as first:
        await ada.open(LIST)
    for number in range(1, SHOWN + 5):
        await given(engine, aces, title=f"Number {number}", occurred_on=date(2026, 1, 1) + timedelta(number // 3))
    with counted(engine, ada) as second:
        shown = await ada.open(LIST)
    assert len(first) == len(second)
    found = titles(shown)
    assert len(found) == SHOWN
    [path] = re.findall(r'href="([^"]+)" rel="next"', shown)
    more = titles(await ada.open(path.replace("&amp;", "&")))
    assert len(more) == 5
    assert not set(found) & set(more)
    assert "The latest" in ada.text


@contextmanager
def counted(_engine: AsyncEngine, ada: Browser) -> Iterator[list[str]]:
    """The statements of the application meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = ada.client._transport.app.state.site.engine  # type: ignore[attr-defined]
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def test_the_preview_is_the_price_line_by_line(ada: Browser) -> None:
    shown = await typing(ada, **TALK)
    for words in (
        "Talk",
        "In person",
        "Attendees: 120, 2 per 50",
        "+ 5",
        "+ 4",
        "in French",
        "× 1.5",
        "43 points",
        "rounded down",
    ):
        assert words in shown, words
    assert "No cap cuts it." in shown
    assert "<html" not in shown
    shown = await typing(ada, **{**TALK, "f.attendees": "lots", "language": ""})
    assert "25 points" in shown
    shown = await ada.open(f"{PREVIEW}?{urlencode(TALK)}")
    assert "<html" in shown
    assert "hx-swap-oob" not in shown


async def test_the_preview_says_which_cap_cuts_and_what_others_lose(
    engine: AsyncEngine, aces: Aces, ada: Browser
) -> None:
    for day in (5, 6):
        await given(engine, aces, type="answer", occurred_on=date(2026, 3, day))
    shown = await typing(ada, type="answer", occurred_on="2026-03-07")
    assert "1 point" in shown
    assert "at most 7 points a month of type Answer" in shown
    shown = await typing(ada, type="answer", occurred_on="2026-03-01")
    assert "3 points" in shown
    assert "Later ones in line would get 2 points less" in shown


async def test_the_story_says_what_a_cap_or_a_hand_did(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    await given(engine, aces, type="answer")
    await given(engine, aces, type="answer")
    last = await given(engine, aces, type="answer")
    shown = await ada.open(f"{LIST}/{last}")
    assert "It gave 1 point." in shown
    assert "at most 7 points a month" in shown
    async with writing(engine) as connection:
        programme = await queries.programme(connection, "aces")
        await edit.override(connection, programme, last, 40, actor="person:ben", note="Saved the day", past_caps=True)
    shown = await ada.open(f"{LIST}/{last}")
    for words in ("It gave 40 points.", "Saved the day", "Points set by hand", "takes entry 3 back", "No cap cuts it."):
        assert words in shown, words


async def test_what_came_by_another_way_has_its_beginning_too(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces)
    await decide(engine, review.reject, one, note="Twice the same")
    async with writing(engine) as connection:
        await connection.exec_driver_sql("UPDATE contribution SET source = 'file'")
    shown = await ada.open(f"{LIST}/{one}")
    for words in ("Reported", "Submitted for review", "Rejected", "Twice the same", "a reviewer"):
        assert words in shown, words


async def test_a_link_tells_its_type_and_whether_it_was_reported(
    engine: AsyncEngine, aces: Aces, app: Starlette, ada: Browser
) -> None:
    shown = await typing(ada, url="https://dev.to/ada/notes", shown="")
    assert "Recognised as: Post." in shown
    assert "Nobody has reported it yet." in shown
    assert re.search(r'id="types" hx-swap-oob="true"', shown)
    assert re.search(r'value="post" id="type-post" checked', shown)
    one = await given(engine, aces, url="https://www.dev.to/ada/notes/")
    shown = await typing(ada, url="http://dev.to/ada/notes", type="post", shown="post")
    assert f'<a href="{LIST}/{one}">' in shown
    assert 'id="types"' not in shown
    async with signed_in(app, "bob") as bob:
        shown = await typing(bob, url="https://dev.to/ada/notes")
        assert "Another member has reported this link." in shown
        assert str(one) not in shown
        await decide(engine, review.reject, one)
        assert "Nobody has reported it yet." in await typing(bob, url="https://dev.to/ada/notes")
    await given(engine, aces, type="talk", url="https://odd.example.net/1")
    assert "Recognised as: Talk." in await typing(ada, url="https://odd.example.net/2")


async def test_what_only_another_type_needs_is_not_shown(ada: Browser) -> None:
    shown = await typing(ada, type="post", shown="talk")
    assert 'id="own-fields" hx-swap-oob="true"' in shown
    assert "f.setting" not in shown
    assert "f.setting" in await typing(ada, type="talk", shown="post")
    assert 'id="own-fields"' not in await typing(ada, type="talk", shown="talk")
    assert "takes no link" in await typing(ada, type="call", url="https://example.org")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whatever_is_typed_is_answered(ada: Browser) -> None:
    for fields in (
        {"type": "tlak"}, {"url": "https://"}, {"url": "https://" + "x" * 5_000}, {"of": "nothing", "key": "x"},
        {"type": "talk", "occurred_on": "9999-99-99", "f.attendees": "1" * 400}, {"url": "https://[::1"},
        {"url": "HTTPS://ADA:PW@EXAMPLE.ORG:99/%zz?a=b#c"}, {"type": "talk", "language": "no such"},
    ):  # fmt: skip
        assert "What it would give" in await typing(ada, **fields)


async def test_in_french(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    french = {"accept-language": "fr"}
    async with writing(engine) as connection:
        await connection.exec_driver_sql("UPDATE person SET locale = 'fr'")
    shown = await ada.open(f"{PREVIEW}?{urlencode(TALK)}", 200, **HTMX, **french)
    for words in ("Conférence", "Sur place", "en français", "× 1,5", "43 points", "arrondi vers le bas"):
        assert words in shown
    await given(engine, aces, type="answer")
    shown = await typing(ada, type="answer", occurred_on="2026-03-01")
    assert "au plus" not in shown


def test_hosts() -> None:
    assert [host_of(one) for one in ("https://WWW.Ada:x@Dev.to:8/x", "https://dev.to?x", "nothing", "")] == [
        "www.ada:x@dev.to"[10:], "dev.to", "", "",
    ]  # fmt: skip
    assert suggested("ada.medium.com", ["talk", "blog"]) == "blog"
    assert suggested("medium.com.example.org", ["blog"]) is None
    assert suggested("com", ["blog"]) is None
    assert same_links("https://a.org/b/") == [
        "https://a.org/b/", "https://a.org/b", "https://www.a.org/b", "https://www.a.org/b/",
        "http://a.org/b", "http://a.org/b/", "http://www.a.org/b", "http://www.a.org/b/",
    ]  # fmt: skip
    assert same_links("mail:x") == ["mail:x"]
