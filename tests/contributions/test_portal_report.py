"""Reporting, editing and withdrawing through HTTP: what is kept, what is refused, what others may not see."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from community.contributions.actions import review
from community.contributions.actions.drafts import DRAFTS_AT_MOST
from community.contributions.models import DRAFT
from community.kit.db import writing
from community.members.models import MEMBER
from tests.contributions.stage import LIST, NEW, TALK, Aces, decide, given, kept, signed_in
from tests.people.browser import Browser
from tests.people.stage import NOON, records, rows

pytestmark = pytest.mark.anyio


async def form(ada: Browser, path: str = NEW, **fields: str) -> dict[str, str]:
    """The hidden fields of the form at a path, and what is typed into it."""
    await ada.open(path)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', ada.text))
    return {**hidden, **fields}


async def test_ada_reports_a_talk_and_reads_what_became_of_it(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    shown = await ada.post(NEW, await form(ada, **TALK))
    [row] = await kept(engine)
    assert ada.path == f"{LIST}/{row.id}?done=submitted"
    assert "Sent for review." in shown
    assert (row.state, row.source, row.type, row.fields) == (
        "submitted", "portal", "talk", {"attendees": 120, "setting": "in-person"},
    )  # fmt: skip
    assert "What it would give" in shown
    assert "43 points" in shown
    assert [verb for verb, *_ in await records(engine, "contribution.submitted")] == ["contribution.submitted"]
    await decide(engine, review.approve, row.id)
    shown = await ada.open(f"{LIST}/{row.id}")
    assert "It gave 43 points." in shown
    assert "award, by version 1 of the rule book" in shown
    assert "a reviewer" in shown


async def test_what_counts_at_once_is_said_so(engine: AsyncEngine, ada: Browser) -> None:
    shown = await ada.post(NEW, await form(ada, type="answer", title="How to begin", occurred_on="2026-03-02"))
    assert "Reported, and counted at once." in shown
    assert "the rule book, without review" in shown
    [row] = await kept(engine)
    assert (row.state, row.decided_by) == ("approved", "book")


async def test_the_same_form_sent_twice_reports_once(engine: AsyncEngine, ada: Browser) -> None:
    sent = await form(ada, **TALK)
    await asyncio.gather(*(_post(ada, sent) for _ in range(3)))
    assert len(await kept(engine)) == 1
    await ada.post(NEW, {**sent, "title": "Another title"})
    assert [row.title for row in await kept(engine)] == ["Queues without losses"]


async def _post(ada: Browser, sent: dict[str, str]) -> None:
    answer = await ada.client.post(NEW, data=sent, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303


async def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept(
    engine: AsyncEngine, ada: Browser
) -> None:
    wrong = {**TALK, "url": "nowhere", "f.attendees": "9999", "f.setting": "", "occurred_on": "2027-01-01"}
    shown = await ada.post(NEW, await form(ada, **wrong), 422)
    assert "4 fields are to mend" in shown
    for said in ("a link such as", "a whole number from 1 to 5,000", "fill this in", "a day up to today"):
        assert said in shown
    for typed in ('value="nowhere"', 'value="9999"', 'value="Queues without losses"'):
        assert typed in shown
    shown = await ada.post(NEW, await form(ada, type="tlak", title="x"), 422)
    assert "choose one of these" in shown
    shown = await ada.post(NEW, {**await form(ada), "type": "call", "title": "x", "url": TALK["url"]}, 422)
    assert "leave this empty" in shown
    assert await kept(engine) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_no_database_keeps_is_refused(ada: Browser, engine: AsyncEngine) -> None:
    sent = await form(ada, **TALK)
    await ada.post(NEW, {**sent, "title": "a\x00b"}, 422)
    await ada.post(NEW, {**sent, "description": "x" * 10_000_000}, 413)
    await ada.post(NEW, {**sent, "description": "x" * 100_001}, 422)
    await ada.post(NEW, {**sent, "key": "no key", "title": "<b>bold</b>"})
    assert "&lt;b&gt;bold&lt;/b&gt;" in ada.text
    for path in (f"{LIST}/nothing", f"{LIST}/{uuid4()}", f"{NEW}?draft=x", f"{NEW}?draft={uuid4()}"):
        await ada.open(path, 404)


async def test_without_scripts_the_fields_of_a_type_are_shown_by_a_button(ada: Browser) -> None:
    assert "f.setting" not in await ada.open(NEW)
    shown = await ada.post(NEW, await form(ada, type="talk", title="Begun", again="yes"))
    assert 'name="f.setting"' in shown
    assert 'value="Begun"' in shown
    assert "to mend" not in shown


async def test_a_draft_is_kept_gone_on_with_and_thrown_away(engine: AsyncEngine, app: Starlette, ada: Browser) -> None:
    shown = await ada.post(NEW, await form(ada, type="talk", title="Half a talk", draft="yes"))
    assert "Your draft is kept." in shown
    assert "Half a talk" in shown
    [path] = re.findall(rf'href="({NEW}\?draft=[^"]+)"', shown)
    sent = await form(ada, path)
    assert 'value="Half a talk"' in ada.text
    async with signed_in(app, "bob") as bob:
        await bob.open(path, 404)
        assert "Half a talk" not in await bob.open(LIST)
    await ada.post(NEW, {**sent, **TALK})
    assert await rows(engine, DRAFT) == []
    assert len(await kept(engine)) == 1
    await ada.post(NEW, await form(ada, title="Another", draft="yes"))
    [deletion] = re.findall(r'action="([^"]+/deletion)"', ada.text)
    await ada.send(deletion)
    assert "thrown away" in ada.text
    assert await rows(engine, DRAFT) == []


async def test_drafts_are_not_without_end(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    async with writing(engine) as connection:
        for _ in range(DRAFTS_AT_MOST):
            await connection.execute(
                DRAFT.insert().values(
                    programme_id=aces.id, member_id=aces.members["ada"], key=uuid4(), fields={}, saved_at=NOON
                )
            )
    shown = await ada.post(NEW, await form(ada, title="One more", draft="yes"), 409)
    assert f"You keep {DRAFTS_AT_MOST} drafts already." in shown
    assert 'value="One more"' in shown
    await ada.post(NEW, await form(ada, description="x" * 130_000, draft="yes"), 422)


async def test_after_a_return_the_words_stand_beside_the_form_and_all_is_still_there(
    engine: AsyncEngine, aces: Aces, ada: Browser
) -> None:
    one = await given(engine, aces, title="A draft of a post")
    await decide(engine, review.return_for_changes, one, note="Which product was it about?")
    assert "Which product was it about?" in await ada.open(f"{LIST}/{one}")
    sent = await form(ada, f"{LIST}/{one}/edit", type="post", title="A post", occurred_on="2026-03-01")
    assert "Which product was it about?" in ada.text
    assert 'value="A draft of a post"' in ada.text
    shown = await ada.post(f"{LIST}/{one}/edit", sent)
    assert "Your edit is sent for review." in shown
    [row] = await kept(engine)
    assert (row.state, row.title) == ("submitted", "A post")
    assert "Version 2" in shown
    assert "<del><bdi>A draft of a post</bdi></del>" in shown


async def test_what_was_returned_goes_back_unchanged_too(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one, two = await given(engine, aces), await given(engine, aces)
    await decide(engine, review.return_for_changes, one, two, note="Really?")
    await ada.post(
        f"{LIST}/{one}/edit",
        await form(ada, f"{LIST}/{one}/edit", type="post", title="Notes", occurred_on="2026-03-01"),
    )
    await ada.open(f"{LIST}/{two}")
    await ada.send(f"{LIST}/{two}/submission")
    assert [row.state for row in await kept(engine)] == ["submitted", "submitted"]
    await ada.post(f"{LIST}/{two}/submission", await form(ada, f"{LIST}/{two}"))


async def test_an_edit_of_what_counts_waits_for_review(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces)
    await decide(engine, review.approve, one)
    path = f"{LIST}/{one}/edit"
    shown = await ada.post(path, await form(ada, path, type="post", title="Better notes", occurred_on="2026-03-01"))
    assert "until then it counts as it was" in shown
    assert [row.title for row in await kept(engine)] == ["Notes"]
    assert 'value="Better notes"' in await ada.open(path)
    await decide(engine, review.approve, one)
    assert [row.title for row in await kept(engine)] == ["Better notes"]


async def test_what_was_decided_meanwhile_is_not_overwritten(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces)
    path = f"{LIST}/{one}/edit"
    sent = await form(ada, path, type="post", title="Late", occurred_on="2026-03-01")
    await decide(engine, review.reject, one, note="Seen before")
    shown = await ada.post(path, sent, 409)
    assert "This was decided about while you were writing." in shown
    assert 'value="Late"' in shown
    assert "Seen before" in shown
    assert [row.state for row in await kept(engine)] == ["rejected"]


async def test_ada_withdraws_and_submits_again(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces)
    await ada.open(f"{LIST}/{one}")
    assert "Withdrawn." in await ada.send(f"{LIST}/{one}/withdrawal")
    assert [row.state for row in await kept(engine)] == ["withdrawn"]
    await ada.send(f"{LIST}/{one}/submission")
    assert [row.state for row in await kept(engine)] == ["submitted"]
    sent = await form(ada, f"{LIST}/{one}")
    await decide(engine, review.approve, one)
    await ada.post(f"{LIST}/{one}/withdrawal", sent, 409)
    await ada.post(f"{LIST}/{one}/submission", sent, 409)
    assert [row.state for row in await kept(engine)] == ["approved"]


async def test_whose_it_is_not_learns_no_more_than_that_there_is_nothing(
    engine: AsyncEngine, app: Starlette, aces: Aces, ada: Browser
) -> None:
    one = await given(engine, aces, "ada", title="Ada's own")
    for name in ("bob", "ben", "zoe"):
        async with signed_in(app, name) as other:
            for path in (f"{LIST}/{one}", f"{LIST}/{one}/edit"):
                assert "Ada&#39;s own" not in await other.open(path, 404)
            await other.open("/account")
            csrf = dict(re.findall(r'name="(csrf)" value="([^"]+)"', other.text))
            for path in ("edit", "submission", "withdrawal"):
                await other.post(f"{LIST}/{one}/{path}", {**csrf, **TALK}, 404)
            if name != "bob":
                for path in (LIST, NEW, f"{LIST}/preview"):
                    await other.open(path, 404)
    assert [(row.state, row.title) for row in await kept(engine)] == [("submitted", "Ada's own")]


async def test_alumni_read_and_report_nothing(engine: AsyncEngine, aces: Aces, ada: Browser) -> None:
    one = await given(engine, aces)
    sent = await form(ada, **TALK)
    async with writing(engine) as connection:
        await connection.execute(update(MEMBER).where(MEMBER.c.id == aces.members["ada"]).values(status="alumni"))
    shown = await ada.post(NEW, sent, 409)
    assert "Only active members report contributions." in shown
    assert "Send for review" not in await ada.open(NEW)
    assert "Notes" in await ada.open(LIST)
    await ada.open(f"{LIST}/{one}")
    assert "/edit" not in ada.text
    await ada.post(f"{LIST}/{one}/edit", {**sent, "seen": "submitted"}, 409)
    assert len(await kept(engine)) == 1
