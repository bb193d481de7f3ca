"""The weekly digest as the timetable makes it: in ranges, each member once, into a folder where there is no server."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from community.flow import followed
from community.jobs.actions import NewJob, add
from community.jobs.following import Silent
from community.jobs.models import JOB
from community.jobs.runner import Runner
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.mail.models import MAIL
from community.kit.settings import Settings
from community.ledger import actions as ledger
from community.members.actions import bind
from community.notices.actions import choose
from community.notices.rules import MailKind
from community.programmes import actions as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from tests.notices.test_portal import BOOK
from tests.people.stage import NOON, member, person
from workers.main import KINDS

pytestmark = pytest.mark.anyio
WANT = ("ada", "ben", "eve")
"""Of these eve did nothing in the week."""


async def _begin(engine: AsyncEngine) -> int:
    people = {name: await person(engine, f"{name}@example.org") for name in (*WANT, "dan")}
    async with writing(engine) as connection:
        text = BOOK.format(slug="stars")
        programme_id = await programmes.create(connection, NewVersion(parse(text, "book").book, text), "cli")
        await ledger.open_ledger(connection, programme_id)
        for name, person_id in people.items():
            member_id = await member(connection, programme_id, name)
            await bind(connection, programme_id, member_id, person_id)
            if name in WANT:
                await choose(connection, programme_id, member_id, {MailKind.DIGEST: True}, "test")
            if name != "eve":
                await ledger.adjust(
                    connection,
                    programme_id,
                    member_id,
                    4,
                    day=date(2026, 3, 24),
                    version=1,
                    note="thanks",
                    actor="test",
                )
    return programme_id


async def _run(engine: AsyncEngine, settings: Settings, programme_id: int) -> None:
    """The job of the timetable, and what follows from it."""
    async with writing(engine) as connection:
        await add(connection, [NewJob("notices.digest", programme_id)])
    made = Runner(engine, KINDS, settings)
    try:
        for _ in range(8):
            await made.short()
            await made.tried()
            await made.heavy()
    finally:
        await made.stop(1)


async def test_each_who_wants_one_gets_one_a_week(engine: AsyncEngine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, range_size=1)
    followed(engine, Silent())
    with clock.stopped(NOON):
        programme_id = await _begin(engine)
        for _ in range(2):
            await _run(engine, settings, programme_id)
    files = sorted((tmp_path / "mail").glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    assert sorted(str(one["To"]) for one in mails) == ["Ada <ada@example.org>", "Ben <ben@example.org>"]
    assert all("List-Unsubscribe" in one for one in mails)
    async with reading(engine) as connection:
        states = await connection.execute(
            select(MAIL.c.kind, MAIL.c.state, func.count()).group_by(MAIL.c.kind, MAIL.c.state)
        )
        assert [tuple(row) for row in states] == [("notices.digest", "sent", 2)]
        ranges = select(func.count()).where(JOB.c.kind == "notices.digest_range", JOB.c.state == "done")
        assert await connection.scalar(ranges) == 8
