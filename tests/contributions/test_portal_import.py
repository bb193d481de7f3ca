"""A file of one's own: every row is shown before anything is sent, the good ones are reported, once."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.contributions.portal.sheet import ROWS_AT_MOST
from tests.contributions.stage import LIST, Aces, kept, signed_in
from tests.people.browser import Browser
from tests.people.stage import records

pytestmark = pytest.mark.anyio
PATH = f"{LIST}/import"
FILE = """\
Type,title,url,occurred_on,setting,attendees,colour
talk,On engines,https://example.org/1,2026-03-01,in-person,120,red
answer,"How to, begin",,2026-03-02,,,
answer,"How to, begin",,2026-03-02,,,
talk,No link,,2027-03-01,virtual,,
tlak,Odd,,2026-03-01,,,
"""


async def hand_over(ada: Browser, content: bytes, status: int = 200) -> str:
    """Sends a file by the form."""
    await ada.open(PATH)
    [csrf] = set(re.findall(r'name="csrf" value="([^"]+)"', ada.text[ada.text.index("multipart") :]))
    shown = await ada.client.post(
        PATH, data={"csrf": csrf}, files={"file": ("mine.csv", content, "text/csv")},
        headers={"accept": "text/html", "sec-fetch-site": "same-origin"},
    )  # fmt: skip
    assert shown.status_code == status, shown.text
    ada.page = shown
    return shown.text


async def submit(ada: Browser, status: int = 200) -> str:
    """Presses the button under the rows that are shown."""
    text = html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", ada.text, re.S)[0])
    csrf = re.findall(r'name="csrf" value="([^"]+)"', ada.text)[-1]
    return await ada.post(PATH, {"csrf": csrf, "text": text, "submit": "yes"}, status)


async def test_rows_are_shown_and_the_good_ones_reported_once(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    shown = " ".join((await hand_over(ada, FILE.encode())).split())
    for words in (
        "2 rows can be reported.", "2 rows are to mend and stay behind.", "These columns say nothing to us: colour.",
        "Link: fill this in", "Date: a day up to today", "Type: talk, post, answer and call",
        "Report 2 contributions",
    ):  # fmt: skip
        assert words in shown, words
    assert await kept(engine) == []
    assert "2 contributions of your file are reported." in await submit(ada)
    assert [(row.type, row.title, row.state) for row in await kept(engine)] == [
        ("talk", "On engines", "submitted"), ("answer", "How to, begin", "approved"),
    ]  # fmt: skip
    assert len(await records(engine, "contribution.submitted")) == 2
    assert len(await records(engine, "contribution.approved")) == 1
    shown = await hand_over(ada, b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert "2 rows were reported before." in shown
    assert 'name="submit"' not in shown
    await submit(ada)
    assert len(await kept(engine)) == 2


async def test_the_same_file_is_another_ones_own(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    await hand_over(ada, FILE.encode())
    await submit(ada)
    async with signed_in(app, "bob") as bob:
        assert "2 rows can be reported." in await hand_over(bob, FILE.encode())
        await submit(bob)
    assert len(await kept(engine)) == 4
    async with signed_in(app, "zoe") as zoe:
        await zoe.open(PATH, 404)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_such_file_is_refused_in_words(engine: AsyncEngine, ada: Browser) -> None:
    for content, words in (
        (b"", "a CSV file in UTF-8"), (b"\xff\xfe\x00", "a CSV file in UTF-8"),
        (b"title\na\x00b\n", "a CSV file in UTF-8"), (b"x" * 300_001, "a CSV file in UTF-8"),
        (b'title\n"open', "a quote in it"), (b"name\nx\n", "a first line"), (b"title,title\nx,y\n", "a first line"),
        (b"title\n" + b"x\n" * (ROWS_AT_MOST + 1), f"at most {ROWS_AT_MOST} rows"),
    ):  # fmt: skip
        assert words in await hand_over(ada, content, 422), content[:20]
    await hand_over(ada, b"x" * 2_000_000, 413)
    shown = await hand_over(ada, b"type;title;occurred_on\npost;<b>bold</b>;2026-03-01\npost;two;2026-03-01;more\n")
    assert "&lt;b&gt;bold" in shown
    assert "as many cells as the first line has" in shown
    assert await kept(engine) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_many_rows_leave_one_record(engine: AsyncEngine, ada: Browser) -> None:
    rows = "".join(f"answer,Number {number},2026-03-01\n" for number in range(ROWS_AT_MOST))
    await hand_over(ada, f"type,title,occurred_on\n{rows}".encode())
    await submit(ada)
    assert len(await kept(engine)) == ROWS_AT_MOST
    [(_verb, subject, data)] = await records(engine, "contribution.submitted")
    assert (subject, data) == (None, {"contributions": ROWS_AT_MOST})
