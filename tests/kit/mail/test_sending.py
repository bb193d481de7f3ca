"""Mails: queued with their cause, sent once after it, whatever goes wrong in between (trust, F36)."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock, i18n
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.kit.mail import actions
from community.kit.mail.letters import Words, letter
from community.kit.mail.models import MAIL, MailState
from community.kit.mail.post import Folder, post_of
from community.kit.mail.sending import WAITS, Sent, send_waiting
from tests.drills.servers import free_port
from tests.kit.mail.stage import SENDER, WRITERS, mail, other, server, settings_of, states, wait

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> object:
    with clock.stopped(NOON):
        yield


async def test_a_mail_goes_out_with_text_and_html_and_says_whom_it_is_from(engine: AsyncEngine) -> None:
    with server() as (post, url):
        await wait(engine, mail())
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(sent=1)
    [taken] = post.taken
    assert post.recipients == ["ada@example.org"]
    assert (taken["From"], taken["To"], taken["Subject"]) == (SENDER, "Ada <ada@example.org>", "A subject")
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Message-ID"].endswith("@community.example>")
    assert taken["Date"].datetime == NOON
    text, html = (taken.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    said = text.get_content().replace("\r\n", "\n")
    assert said == "Hello Ada,\n\nOf cause.\n\nOpen:\nhttps://community.example/x\n\nThat is all.\n\n"
    assert 'href="https://community.example/x"' in html.get_content()
    assert await states(engine) == [("sent", 1, None)]
    async with reading(engine) as connection:
        assert (await connection.execute(select(MAIL.c.address))).scalars().all() == [None]


async def test_a_cause_tells_a_recipient_once_and_what_is_rolled_back_tells_nobody(engine: AsyncEngine) -> None:
    with server() as (post, url):
        await wait(engine, mail(), mail("cause", "ben"), mail())
        await wait(engine, mail())
        with pytest.raises(ArithmeticError):
            await _rolled_back(engine)
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(sent=2)
        await wait(engine, mail())
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent()
    assert sorted(post.recipients) == ["ada@example.org", "ben@example.org"]


async def _rolled_back(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await actions.queue(connection, [mail("another")])
        raise ArithmeticError


async def test_two_processes_send_each_mail_once(engine: AsyncEngine, database_url: str) -> None:
    with server() as (post, url):
        await wait(engine, *(mail(f"cause {number}") for number in range(60)))
        async with other(database_url) as second:
            done = await asyncio.gather(
                *(send_waiting(one, settings_of(url), WRITERS) for one in (engine, second, engine))
            )
    assert sum(one.sent for one in done) == 60
    assert len(post.taken) == 60
    assert len({one["Message-ID"] for one in post.taken}) == 60


async def test_while_the_server_is_away_mails_wait_and_then_go(engine: AsyncEngine) -> None:
    port = free_port()
    settings = settings_of(f"smtp://127.0.0.1:{port}")
    await wait(engine, mail(), mail("other"))
    assert await send_waiting(engine, settings, WRITERS) == Sent(put_off=2)
    assert {(state, tries) for state, tries, _ in await states(engine)} == {("waiting", 1)}
    with server(port) as (post, _):
        assert await send_waiting(engine, settings, WRITERS) == Sent()
        with clock.stopped(NOON + WAITS[0]):
            assert await send_waiting(engine, settings, WRITERS) == Sent(sent=2)
    assert len(post.taken) == 2


async def test_what_the_server_refuses_for_now_is_tried_again_and_what_for_good_is_not(engine: AsyncEngine) -> None:
    with server() as (post, url):
        await wait(engine, mail("first"), mail("second"), mail("third"))
        post.answers = ["451 later", "554 never"]
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(sent=1, put_off=1, failed=1)
    assert await states(engine) == [
        ("waiting", 1, "SMTPDataError 451"),
        ("failed", 1, "SMTPDataError 554"),
        ("sent", 1, None),
    ]
    assert len(post.taken) == 1


async def test_a_mail_without_point_any_more_is_given_up(engine: AsyncEngine) -> None:
    with server() as (post, url):
        await wait(engine, mail("late", lives=timedelta(minutes=10)), mail("soon", lives=timedelta(seconds=30)))
        post.answers = ["451 later"] * 2
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(put_off=1, failed=1)
        with clock.stopped(NOON + timedelta(minutes=10)):
            assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(failed=1)
    assert [error for *_, error in await states(engine)] == ["too late", "SMTPDataError 451"]


async def test_a_letter_that_cannot_be_written_keeps_no_other_from_going(engine: AsyncEngine) -> None:
    """Nor does one that somebody else writes; it is left to them."""
    with server() as (post, url):
        await wait(engine, mail("a", kind="broken"), mail("b"), mail("c", address=None), mail("d", kind="unheard of"))
        done = await send_waiting(engine, settings_of(url), WRITERS)
    assert done == Sent(sent=1, dropped=1, put_off=1)
    assert len(post.taken) == 1
    assert await states(engine) == [
        ("waiting", 1, "not written: ArithmeticError"),
        ("sent", 1, None),
        ("dropped", 1, None),
        ("waiting", 0, None),
    ]


async def test_whoever_dies_with_a_mail_in_hand_leaves_it_to_the_next_and_writes_nothing_when_back(
    engine: AsyncEngine,
) -> None:
    """Claimed, never settled: after the lease it goes out by another; the one who wakes settles nothing."""
    with server() as (post, url):
        await wait(engine, mail())
        async with writing(engine) as connection:
            [held] = await actions.claim(connection, WRITERS, 10)
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent()
        with clock.stopped(NOON + actions.LEASE):
            assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(sent=1)
        async with writing(engine) as connection:
            assert not await actions.settle(connection, held, MailState.FAILED, "too late")
            assert not await actions.put_off(connection, held, timedelta(0), "again")
    assert await states(engine) == [("sent", 2, None)]
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("address", "name", "recipient", "header"),
    [
        ("ada@bücher.example", "Ada", "ada@xn--bcher-kva.example", "Ada <ada@xn--bcher-kva.example>"),
        ("ada@example.org", "Ådå", "ada@example.org", "Ådå <ada@example.org>"),
        ("ada@example.org", 'Ada "the" <zoe@example.org>, Zoe', "ada@example.org", None),
        ("ada@example.org", "Ada\r\nBcc: zoe@example.org", "ada@example.org", None),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_name_or_address_sends_a_mail_elsewhere(
    engine: AsyncEngine, address: str, name: str, recipient: str, header: str | None
) -> None:
    async def hostile(*_: object) -> object:
        return letter(address, name, Words("A\r\nBcc: zoe@example.org", ["x"]))

    with server() as (post, url):
        await wait(engine, mail())
        assert await send_waiting(engine, settings_of(url), {"plain": hostile}) == Sent(sent=1)  # type: ignore[dict-item]
    assert post.recipients == [recipient]
    [taken] = post.taken
    assert taken["Bcc"] is None
    assert len(taken["To"].addresses) == 1
    assert header is None or str(taken["To"]) == header


@pytest.mark.parametrize(
    "address", ["ada", "@", "ada@", "ada@example.org, zoe@example.org", "a b@example.org", "ådå@example.org"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_address_is_given_up(engine: AsyncEngine, address: str) -> None:
    with server() as (post, url):
        await wait(engine, mail(address=address))
        assert await send_waiting(engine, settings_of(url), WRITERS) == Sent(failed=1)
    assert post.taken == []


async def test_without_a_server_mails_are_files_that_only_their_owner_reads(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    settings = settings_of(home=tmp_path / "home")
    await wait(engine, mail())
    assert await send_waiting(engine, settings, WRITERS) == Sent(sent=1)
    [file] = (tmp_path / "home" / "mail").iterdir()
    assert file.suffix == ".eml"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    found = message_from_bytes(file.read_bytes(), policy=default)
    assert (found["To"], found["From"]) == ("Ada <ada@example.org>", "Community <community@localhost>")
    async with writing(engine) as connection:  # sent again, it takes the place of the first
        await connection.execute(MAIL.update().values(state="waiting", address="ada@example.org", due_at=NOON))
    await send_waiting(engine, settings, WRITERS)
    assert list(file.parent.iterdir()) == [file]


async def test_letters_speak_the_language_at_work_and_escape_only_where_that_is_needed() -> None:
    words = Words("Sujet", ["L’été & <l’hiver>"], "Ouvrir", "https://community.example/?a=1&b=2")
    with i18n.speaking("fr"):
        found = letter("ada@example.org", "Ada & <Ben>", words)
    assert "Bonjour Ada & <Ben>,\n" in found.text
    assert "L’été & <l’hiver>" in found.text
    assert "https://community.example/?a=1&b=2\n" in found.text
    assert "<p>Bonjour Ada &amp; &lt;Ben&gt;,</p>" in found.html
    assert 'lang="fr"' in found.html


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://host:port", "smtp://host/path", "host"])
def test_what_is_no_mail_server_is_said(url: str) -> None:
    with pytest.raises(UsageError, match="COMMUNITY_SMTP_URL"):
        post_of(settings_of(url))


def test_a_server_needs_a_sender_and_without_one_there_is_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="COMMUNITY_MAIL_FROM"):
        post_of(settings_of("smtp://127.0.0.1").model_copy(update={"mail_from": ""}))
    assert isinstance(post_of(settings_of(home=tmp_path)), Folder)


async def test_mails_that_are_done_with_are_cleaned_away(engine: AsyncEngine) -> None:
    with server() as (_, url):
        await wait(engine, mail())
        await send_waiting(engine, settings_of(url), WRITERS)
    await wait(engine, mail("waits"))
    async with writing(engine) as connection:
        assert await actions.clean_up(connection, settled_before=NOON) == 0
        assert await actions.clean_up(connection, settled_before=NOON + timedelta(seconds=1)) == 1
    assert [state for state, *_ in await states(engine)] == ["waiting"]
