"""What records tell whom: once, whatever is told twice or at once, and nothing where a run is quiet.

The programme is `stars` of `tests/cli/cast.py`: ada, ben and cleo; a tier by rule, and one that a manager decides.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from community.history.actions import Line, write
from community.history.models import RECORD
from community.kit import clock
from community.kit.db import reading, writing
from community.members.models import MEMBER
from community.notices.actions import mark_read, tell
from community.notices.models import MESSAGE
from community.notices.queries import MOST_COUNTED, Inbox, MessageRow, count_unread, messages
from community.notices.rules import TOLD, Recipient
from community.programmes.models import PROGRAMME
from tests.cli.cast import MEMBERS, STARS, written
from tests.conftest import Ran
from tests.drills.stage import on

pytestmark = pytest.mark.anyio

SILENT = {
    "proposal.accepted", "proposal.declined", "standing.locked", "standing.unlocked", "standing.noted",
}  # fmt: skip
"""What managers did themselves; where it moved a member, the step tells them."""

Community = Callable[..., Ran]


@pytest.fixture
def stars(community: Community, tmp_path: Path) -> Community:
    """The programme with its members, on 2026-03-01."""
    with _on(1):
        community("programme", "apply", written(tmp_path, "stars.yaml", STARS), "--yes")
        community("members", "import", "stars", written(tmp_path, "members.csv", MEMBERS))
    return community


def _on(day: int) -> Any:
    return clock.stopped(datetime(2026, 3, day, 12, tzinfo=UTC))


async def _ids(engine: AsyncEngine) -> tuple[int, dict[str, int]]:
    """The programme, and its members by handle."""
    async with reading(engine) as connection:
        programme_id = await connection.scalar(select(PROGRAMME.c.id).where(PROGRAMME.c.slug == "stars"))
        rows = await connection.execute(
            select(MEMBER.c.folded, MEMBER.c.id).where(MEMBER.c.programme_id == programme_id)
        )
        return int(programme_id or 0), {row.folded: row.id for row in rows}


async def _records(engine: AsyncEngine, lines: Sequence[Line], *, quiet: bool = False) -> list[int]:
    """Writes the lines, and answers the ids of their records."""
    programme_id, _members = await _ids(engine)
    async with writing(engine) as connection:
        last = await connection.scalar(select(func.coalesce(func.max(RECORD.c.id), 0)))
        await write(connection, programme_id, "rules", lines, quiet=quiet)
        return list(await connection.scalars(select(RECORD.c.id).where(RECORD.c.id > last).order_by(RECORD.c.id)))


async def _told(engine: AsyncEngine, record_ids: Sequence[int]) -> int:
    programme_id, _members = await _ids(engine)
    async with writing(engine) as connection:
        return await tell(connection, programme_id, record_ids)


async def _inbox(engine: AsyncEngine, handle: str | None = None, **options: Any) -> Sequence[MessageRow]:
    programme_id, members = await _ids(engine)
    async with reading(engine) as connection:
        return await messages(connection, Inbox(programme_id, members[handle] if handle else None), **options)


async def _all(engine: AsyncEngine) -> list[tuple[str, str, str]]:
    """Every message: whose it is, about whom, and what it tells."""
    about = (MEMBER.c.programme_id == MESSAGE.c.programme_id) & (MEMBER.c.id == MESSAGE.c.member_id)
    async with reading(engine) as connection:
        rows = await connection.execute(
            select(MESSAGE.c.recipient, MEMBER.c.folded, MESSAGE.c.verb)
            .join(MEMBER, about)
            .order_by(MESSAGE.c.record_id)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_every_verb_of_standings_tells_somebody_or_is_known_to_tell_nobody() -> None:
    folder = Path(__file__).parents[2] / "community" / "standings"
    verbs = {
        verb
        for file in folder.rglob("*.py")
        for verb in re.findall(r'"((?:tier|standing|proposal)\.[a-z_]+)"', file.read_text("utf-8"))
    }
    assert verbs == {verb for verb in TOLD if not verb.startswith("contribution.")} | SILENT


async def test_a_record_tells_the_one_whom_it_concerns_and_once(engine: AsyncEngine, stars: Community) -> None:
    _programme_id, members = await _ids(engine)
    data = {"day": "2026-03-01", "version": 1, "tier": "star"}
    ids = dict(zip(TOLD, await _records(engine, [Line(verb, members["ada"], data=data) for verb in TOLD]), strict=True))
    with _on(2):
        for verb, record_id in ids.items():
            assert await _told(engine, [record_id]) == 1, verb
    assert await _told(engine, list(ids.values()) * 2) == 0
    for handle, recipient in (("ada", Recipient.MEMBER), (None, Recipient.MANAGERS)):
        verbs = [verb for verb in TOLD if TOLD[verb] is recipient]
        inbox = await _inbox(engine, handle)
        assert [(row.verb, row.record_id) for row in inbox] == [(verb, ids[verb]) for verb in reversed(verbs)]
        assert {(row.handle, row.name, row.read_at, row.created_at) for row in inbox} == {
            ("ada", "Ada Lovelace", None, datetime(2026, 3, 2, 12, tzinfo=UTC))
        }
        assert all(row.data == data for row in inbox)
    assert await _inbox(engine, "ben") == []


async def test_quiet_records_and_all_others_tell_nobody(engine: AsyncEngine, stars: Community) -> None:
    programme_id, members = await _ids(engine)
    quiet = await _records(engine, [Line(verb, members["ada"]) for verb in TOLD], quiet=True)
    other = await _records(engine, [Line(verb, members["ada"]) for verb in sorted(SILENT)])
    nobody = await _records(engine, [Line("tier.gained"), Line("tier.gained", 1_000_000)])
    assert await _told(engine, [*quiet, *other, *nobody, max(nobody) + 1, 0, -1]) == 0
    assert await _told(engine, []) == 0
    ids = await _records(engine, [Line("tier.gained", members["ada"])])
    async with writing(engine) as connection:
        assert await tell(connection, programme_id + 1, ids) == 0
    assert await _all(engine) == []


async def test_what_is_told_is_taken_back_with_its_transaction(engine: AsyncEngine, stars: Community) -> None:
    programme_id, members = await _ids(engine)
    ids = await _records(engine, [Line("tier.gained", members["ada"])])
    async with engine.connect() as connection, connection.begin() as transaction:
        assert await tell(connection, programme_id, ids) == 1
        await transaction.rollback()
    assert await _told(engine, ids) == 1


async def test_many_records_are_told_by_one_statement(engine: AsyncEngine, stars: Community) -> None:
    _programme_id, members = await _ids(engine)
    verbs, handles = sorted(TOLD), sorted(members)
    lines = [Line(verbs[n % len(verbs)], members[handles[n % 3]], data={"n": n}) for n in range(12_000)]
    ids = await _records(engine, lines)
    statements: list[str] = []

    def noted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "INSERT INTO message" in statement:
            statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", noted)
    assert await _told(engine, ids) == len(ids)
    assert len(statements) == 1
    assert await _told(engine, ids) == 0
    found = Counter((about, verb) for _recipient, about, verb in await _all(engine))
    assert found == Counter((handles[n % 3], verbs[n % len(verbs)]) for n in range(12_000))


async def test_ten_who_tell_the_same_at_once_make_one_message_each(engine: AsyncEngine, stars: Community) -> None:
    """In any order, and each with some that others do not have."""
    _programme_id, members = await _ids(engine)
    ids = await _records(engine, [Line("standing.safe", members["ben"]) for _ in range(300)])
    shares = [ids[n * 20 : n * 20 + 120][:: 1 if n % 2 else -1] for n in range(10)]
    told = await asyncio.gather(*(_told(engine, share) for share in shares))
    assert sum(told) == len(ids)
    assert [row.record_id for row in await _inbox(engine, "ben", most=1_000)] == ids[::-1]


async def test_unread_ones_come_first_and_page_by_page(engine: AsyncEngine, stars: Community) -> None:
    programme_id, members = await _ids(engine)
    ids = await _records(engine, [Line("standing.at_risk", members["cleo"]) for _ in range(7)])
    others = await _records(engine, [Line("standing.at_risk", members["ada"]), Line("proposal.made", members["cleo"])])
    assert await _told(engine, [*ids, *others]) == 9
    cleo = Inbox(programme_id, members["cleo"])
    async with writing(engine) as connection:
        assert await mark_read(connection, cleo, [ids[1], ids[5], *others]) == 2
        assert await mark_read(connection, cleo, [ids[1]]) == 0
        assert await mark_read(connection, cleo, []) == 0
        assert await mark_read(connection, Inbox(programme_id + 1, members["cleo"]), ids) == 0
        assert [await count_unread(connection, one) for one in (cleo, Inbox(programme_id))] == [5, 1]
    wanted = [ids[n] for n in (6, 4, 3, 2, 0, 5, 1)]
    for most in (1, 2, 3, 5, 6, 7, 50):
        shown: list[int] = []
        last: MessageRow | None = None
        while page := await _inbox(engine, "cleo", after=last, most=most):
            assert len(page) <= most
            shown += [row.record_id for row in page]
            last = page[-1]
        assert shown == wanted
    assert [row.read_at is None for row in await _inbox(engine, "cleo")] == [True] * 5 + [False] * 2


async def test_a_full_inbox_is_not_counted_to_its_end(engine: AsyncEngine, stars: Community) -> None:
    programme_id, members = await _ids(engine)
    ids = await _records(engine, [Line("proposal.made", members["ada"]) for _ in range(MOST_COUNTED + 50)])
    await _told(engine, ids)
    async with reading(engine) as connection:
        assert await count_unread(connection, Inbox(programme_id)) == MOST_COUNTED + 1


def test_what_a_spring_tells(stars: Community, tmp_path: Path, database_url: str) -> None:
    """Told by the records of real runs. Members joined before; a star takes 20 points in 90 days, and 10 to keep.

    | day | what happens | who is told what |
    |---|---|---|
    | 1 March | the first run, with a star in it for cleo | nobody: it is quiet |
    | 2 March | ada has a talk, 25 points | ada: a star |
    | 3 March | ben has 12 posts, 60 points | ben: a star; the managers: he might become a giant |
    | 4 March | the managers accept | ben: a giant |
    | 5 March | ada's talk is taken back | ada: that, and at risk |
    | 6 March | ada has two posts, 10 points | ada: safe |
    | 7 March | those are taken back; cleo has 12 posts | ada: those, and at risk; the managers: cleo might be a giant |
    | 8 March | three of cleo's posts are taken back | cleo: those; the managers: no more |
    | 27 March | nothing; ada's 20 days of grace are over | ada: the star is lost |
    """

    def work(day: int, handle: str, count: int, kind: str = "post") -> None:
        fields = ",30,in-person" if kind == "talk" else ",,"
        rows = [
            f"{handle}-{day}-{n},{handle},{kind},T,https://example.org/{n},2026-02-{n + 1:02}" for n in range(count)
        ]
        head = "id,handle,type,title,url,occurred_on,attendees,setting"
        file = written(tmp_path, "rows.csv", "\n".join([head, *(row + fields for row in rows)]))
        stars("contributions", "import", "stars", file, "--approve")

    def take_back(handle: str, count: int) -> None:
        rows = json.loads(
            stars("contributions", "list", "stars", "--handle", handle, "--state", "approved", "--json").out
        )
        stars("contributions", "reverse", "stars", *[row["id"] for row in rows[:count]])

    def seventh() -> None:
        take_back("ada", 2)
        work(7, "cleo", 8)

    days: dict[int, Callable[[], object]] = {
        1: lambda: work(1, "cleo", 4),
        2: lambda: work(2, "ada", 1, "talk"),
        3: lambda: work(3, "ben", 12),
        4: lambda: stars("standings", "accept", "stars", "ben"),
        5: lambda: take_back("ada", 1),
        6: lambda: work(6, "ada", 2),
        7: seventh,
        8: lambda: take_back("cleo", 3),
        27: lambda: None,
    }
    told = {}
    for day, happens in days.items():
        with _on(day):
            happens()
            stars("standings", "refresh", "stars")
            told[day] = on(database_url, _tell_everything)
    assert told == {
        1: [],
        2: [("member", "ada", "tier.gained")],
        3: [("managers", "ben", "proposal.made"), ("member", "ben", "tier.gained")],
        4: [("member", "ben", "tier.changed")],
        5: [("member", "ada", "contribution.reversed"), ("member", "ada", "standing.at_risk")],
        6: [("member", "ada", "standing.safe")],
        7: [
            ("managers", "cleo", "proposal.made"),
            *[("member", "ada", "contribution.reversed")] * 2,
            ("member", "ada", "standing.at_risk"),
        ],
        8: [("managers", "cleo", "proposal.lapsed"), *[("member", "cleo", "contribution.reversed")] * 3],
        27: [("member", "ada", "tier.lost")],
    }


async def _tell_everything(engine: AsyncEngine) -> list[tuple[str, str, str]]:
    """Tells all records that there are, and answers the messages that are new."""
    before = await _all(engine)
    async with reading(engine) as connection:
        ids = list(await connection.scalars(select(RECORD.c.id)))
    await _told(engine, ids)
    return sorted((await _all(engine))[len(before) :])
