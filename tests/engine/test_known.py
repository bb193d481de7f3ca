"""What a day made up sees, fact by fact: entries, fields, statuses, leaves, locks, members and books as known then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from community.contributions.actions import edit as edits
from community.kit import clock
from community.kit.db import reading
from community.ledger.models import ENTRY
from community.ledger.queries import position_at
from community.members.models import TOUCHED, Reader
from community.programmes import queries as programmes
from community.standings.actions.byhand import Brought, Hand, take_over
from community.standings.actions.run import known_at_end_of, make_up
from community.standings.models import DECISION, STANDING
from community.standings.rules.state import Known
from tests.engine.driver import PERSON, Product
from tests.engine.missed import missing
from tests.engine.stage import Stage
from tests.model.points import Contribution

FIRST = date(2024, 2, 27)
DAYS = [FIRST + timedelta(days=number) for number in range(5)]
"""Over 29 February. The first is run, the last is the day on which the three between are made up."""
TALK: dict[str, Any] = {
    "key": "talk", "name": "Talk", "points": {"base": 5},
    "fields": [{"key": "hours", "name": "Hours", "type": "decimal"}],
}  # fmt: skip
PRO: dict[str, Any] = {"key": "pro", "name": "Pro", "gain": {"metric": "points", "min": 5}}


def book(*tiers: dict[str, Any], timezone: str = "Europe/Paris") -> dict[str, Any]:
    """A book with one type of contribution and these tiers."""
    programme = {"slug": "aces", "name": "Aces", "timezone": timezone, "locale": "en"}
    return {"format": 1, "programme": programme, "contribution_types": [TALK], "tiers": [*tiers]}


def talk(day: date, id_: str = "c1", hours: int = 1) -> Contribution:
    """A talk of ada's."""
    return Contribution(id_, "ada", "talk", day, {"hours": hours})


class Missed(Product):
    """ada and ben in a programme that is run on the first day, and then not again until the last."""

    async def begin(self, *tiers: dict[str, Any]) -> None:
        """The programme on the first day, before its run."""
        with clock.stopped(self.at(FIRST, 0)):
            await self.apply(book(*tiers))
            await self.add({"ada": FIRST - timedelta(days=400), "ben": FIRST})

    @asynccontextmanager
    async def on(self, day: int, moment: int = 1) -> AsyncIterator[date]:
        """Something happens on a day; on the first, the run follows."""
        with clock.stopped(self.at(DAYS[day], moment)):
            yield DAYS[day]

    async def first_run(self) -> None:
        """The run of the first day, at noon."""
        async with self.on(0):
            await self.run()

    async def catch_up(self) -> None:
        """Makes up the days that were missed."""
        async with self.on(4) as today:
            for day in await missing(self, today):
                await make_up(self.engine, self.slug, day)

    async def propose(self, row: Contribution) -> None:
        """An author's edit of an approved contribution, which waits."""
        async with self.open() as (connection, programme):
            content = self.content(programme, row)
            assert (
                await edits.edit(connection, programme, self.keys[row.id], content, actor=PERSON, by_author=True)
                == "proposed"
            )

    async def steps(self, handle: str = "ada") -> list[tuple[Any, ...]]:
        """Day, tier reached, position and version of each decision about a member, but for those by hand."""
        c = DECISION.c
        mine = (c.programme_id == self.id, c.member_id == self.ids[handle], c.decided_by == "rules")
        async with reading(self.engine) as connection:
            found = await connection.execute(
                select(c.day, c.to_tier, c.position, c.version).where(*mine).order_by(c.number)
            )
            return [tuple(row) for row in found]

    async def standing(self, handle: str = "ada") -> Any:
        """A member's present standing."""
        c = STANDING.c
        async with reading(self.engine) as connection:
            found = await connection.execute(
                select(STANDING).where(c.programme_id == self.id, c.member_id == self.ids[handle])
            )
            return found.one()

    async def known(self, day: int) -> Known:
        """What was known at the end of a day."""
        async with reading(self.engine) as connection:
            return await known_at_end_of(connection, await programmes.programme(connection, self.slug), DAYS[day])


def product(stage: Stage) -> Missed:
    """The programme, to be begun."""
    return Missed(stage.engine, next(stage._slugs), "Europe/Paris")


def test_entries_count_from_the_day_on_which_they_were_recorded(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin(PRO, {**PRO, "key": "star", "gain": {"metric": "points", "min": 10}})
        await missed.first_run()
        async with missed.on(2, 2):
            await missed.import_rows([talk(DAYS[0])], approve=True)
        async with missed.on(3, 0):
            await missed.import_rows([talk(DAYS[0], "c2")], approve=True)
        async with missed.on(4, 0):
            await missed.review("reverse", ["c1", "c2"])
        await missed.catch_up()
        assert await missed.steps() == [(DAYS[2], "pro", 1, 1), (DAYS[3], "star", 2, 1)]
        async with missed.on(4):
            await missed.run()
        assert await missed.steps() == [
            (DAYS[2], "pro", 1, 1), (DAYS[3], "star", 2, 1), (DAYS[4], None, 4, 1)
        ]  # fmt: skip

    stage.run(told())


def test_fields_are_read_as_they_were(stage: Stage) -> None:
    """Edits by a manager, by a file, and by an author (which counts from its approval on), and a reversal."""

    async def told() -> None:
        hours = {"metric": "field", "field": "hours", "min": 1}
        tiers = [{**PRO, "key": f"t{least}", "gain": {**hours, "min": least}} for least in (10, 20, 30)]
        missed = product(stage)
        await missed.begin(*tiers)
        async with missed.on(0, 0):
            await missed.import_rows([talk(FIRST), talk(FIRST, "c2"), talk(FIRST, "c3")], approve=True)
            await missed.propose(talk(FIRST, "c3", hours=31))
        await missed.first_run()
        async with missed.on(1):
            await missed.edit(talk(FIRST, hours=9))  # 9 + 1 + 1
        async with missed.on(2):
            await missed.import_rows([talk(FIRST, "c2", hours=14)])  # 9 + 14 + 1
            await missed.review("reverse", ["c1"])  # 14 + 1
            await missed.import_rows([talk(FIRST, "c4", hours=6)], approve=True)  # 14 + 1 + 6
        async with missed.on(3):
            await missed.review("approve", ["c3"])  # 14 + 31 + 6
        async with missed.on(4, 0):
            await missed.edit(talk(FIRST, "c2", hours=0))
            await missed.review("reverse", ["c3"])
            await missed.import_rows([talk(FIRST, "c5", hours=90)], approve=True)
        await missed.catch_up()
        assert [step[:2] for step in await missed.steps()] == [(DAYS[1], "t10"), (DAYS[2], "t20"), (DAYS[3], "t30")]

    stage.run(told())


def test_whoever_left_later_is_evaluated_and_whoever_came_back_later_is_not(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "gain": {"metric": "tenure", "min": 2}})
        async with missed.on(0, 0) as day:
            await missed.set_status("ada", "left", day)
        await missed.first_run()
        async with missed.on(3) as day:
            await missed.set_status("ada", "active", day)
            await missed.set_status("ben", "alumni", day)
        async with missed.on(4, 0) as day:
            await missed.set_status("ada", "removed", day)
        await missed.catch_up()
        assert [step[:2] for step in await missed.steps("ada")] == [(DAYS[3], "pro")]
        assert [step[:2] for step in await missed.steps("ben")] == [(DAYS[2], "pro")]

    stage.run(told())


def test_a_mark_is_taken_afresh_on_the_day_of_coming_back_and_stays(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "grace_days": 60})
        async with missed.on(0, 0):
            await missed.by_hand("place", "ada", tier="pro", note="deserved")
            await missed.by_hand("place", "ben", tier="pro", note="deserved")
        await missed.first_run()
        for handle, days in (("ada", (1, 2, 4)), ("ben", (1, 4, 4))):
            away, back, again = days
            assert (await missed.standing(handle)).at_risk_since == DAYS[0]
            async with missed.on(away) as day:
                await missed.set_status(handle, "left", day)
            async with missed.on(back, 0) as day:
                await missed.set_status(handle, "active", day)
            async with missed.on(again, 0) as day:
                await missed.set_status(handle, "on_leave", day, day + timedelta(days=9))
        await missed.catch_up()
        assert (await missed.standing("ada")).at_risk_since == DAYS[2]
        assert (await missed.standing("ben")).at_risk_since == DAYS[0]
        async with missed.on(4):
            await missed.run()
        assert (await missed.standing("ada")).at_risk_since == DAYS[2]
        assert (await missed.standing("ben")).at_risk_since is None  # afresh, and on leave nobody is put at risk

    stage.run(told())


def test_coming_back_again_later_is_not_forgotten_and_not_seen_before(stage: Stage) -> None:
    """ada comes back on the second day and once more on the last; ben goes and comes back after the second."""

    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "grace_days": 60})
        async with missed.on(0, 0):
            await missed.by_hand("place", "ada", tier="pro", note="deserved")
            await missed.by_hand("place", "ben", tier="pro", note="deserved")
        await missed.first_run()
        for handle, changes in (("ada", (1, 1, 2, 4)), ("ben", (2, 3))):
            for place, number in enumerate(changes):
                async with missed.on(number, 0) as day:
                    await missed.set_status(handle, ("left", "active")[place % 2], day)
        async with missed.on(4, 0):
            for day in DAYS[:2]:
                await make_up(missed.engine, missed.slug, day)
        assert (await missed.standing("ada")).at_risk_since == DAYS[1]
        assert (await missed.standing("ben")).at_risk_since == DAYS[0]
        await missed.catch_up()
        assert (await missed.standing("ada")).at_risk_since == DAYS[1]
        assert (await missed.standing("ben")).at_risk_since == DAYS[3]
        async with missed.on(4):
            await missed.run()
        assert (await missed.standing("ada")).at_risk_since == DAYS[4]
        assert (await missed.standing("ben")).at_risk_since == DAYS[3]

    stage.run(told())


def test_a_leave_holds_from_its_day_on_and_as_long_as_was_known(stage: Stage) -> None:
    """ada is on leave until after the days made up, but comes back on the last; ben goes on the third."""

    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "grace_days": 2})
        for handle in ("ada", "ben"):
            async with missed.on(0, 0):
                await missed.by_hand("place", handle, tier="pro", note="deserved")
        async with missed.on(0, 0) as day:
            await missed.set_status("ada", "on_leave", day, day + timedelta(days=30))
        await missed.first_run()
        async with missed.on(3, 0) as day:
            await missed.set_status("ben", "on_leave", day, day + timedelta(days=30))
        async with missed.on(4, 0) as day:
            await missed.set_status("ada", "active", day)
        await missed.catch_up()
        assert await missed.steps("ada") == []
        assert (await missed.standing("ada")).at_risk_since is None
        assert [step[:2] for step in await missed.steps("ben")] == [(DAYS[2], None)]

    stage.run(told())


def test_a_lock_holds_where_it_was_known_and_stays_where_it_came_later(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "gain": {"metric": "tenure", "min": 2}})
        async with missed.on(0, 0):
            await missed.by_hand("lock", "ada")
        await missed.first_run()
        async with missed.on(3, 0):
            await missed.by_hand("unlock", "ada")
            await missed.by_hand("lock", "ben", until=DAYS[4])
        await missed.catch_up()
        assert [step[:2] for step in await missed.steps("ada")] == [(DAYS[3], "pro")]
        assert [step[:2] for step in await missed.steps("ben")] == [(DAYS[2], "pro")]
        ada, ben = await missed.standing("ada"), await missed.standing("ben")
        assert (ada.locked, ada.locked_until) == (False, None)
        assert (ben.locked, ben.locked_until) == (True, DAYS[4])

    stage.run(told())


def test_a_lock_that_a_new_book_ends_on_a_day_made_up_is_over(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin(PRO)
        async with missed.on(0, 0):
            await missed.by_hand("place", "ada", tier="pro", note="deserved")
            await missed.by_hand("lock", "ada")
        await missed.first_run()
        async with missed.on(1):
            await missed.apply(book({**PRO, "key": "other"}))
        async with missed.on(3):
            await missed.adjust("ada", 5, DAYS[3])
        await missed.catch_up()
        assert await missed.steps() == [(DAYS[1], None, 0, 2), (DAYS[3], "other", 1, 2)]
        assert not (await missed.standing()).locked

    stage.run(told())


def test_members_are_evaluated_from_the_day_on_which_they_were_added(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "gain": {"metric": "tenure", "min": 0}})
        await missed.first_run()
        async with missed.on(2, 2):
            await missed.add({"cleo": FIRST})
        async with missed.on(4, 0):
            await missed.add({"dan": FIRST})
        await missed.catch_up()
        assert [step[:2] for step in await missed.steps("cleo")] == [(DAYS[2], "pro")]
        assert await missed.steps("dan") == []

    stage.run(told())


def test_each_day_goes_by_the_book_in_force_at_its_end_in_the_zone_of_that_book(stage: Stage) -> None:
    """In Paris the day ends at 23:00 UTC; by the second book, of Auckland, at 11:00."""

    async def told() -> None:
        missed = product(stage)
        await missed.begin(PRO)
        async with missed.on(0, 0):
            await missed.adjust("ada", 5, FIRST)
        await missed.first_run()
        async with missed.on(2):
            await missed.apply(book({**PRO, "gain": {"metric": "points", "min": 6}}, timezone="Pacific/Auckland"))
        async with missed.on(3):
            await missed.apply(book(PRO, timezone="Pacific/Auckland"))
        assert [str((await missed.known(day)).instant) for day in range(4)] == [
            "2024-02-27 22:59:59.999999+00:00",
            "2024-02-28 22:59:59.999999+00:00",
            "2024-02-29 22:59:59.999999+00:00",  # the second book came after Auckland's midnight
            "2024-03-01 10:59:59.999999+00:00",
        ]
        assert [(await missed.known(day)).version for day in range(4)] == [1, 1, 1, 2]
        await missed.catch_up()
        assert [step[:2] + step[3:] for step in await missed.steps()] == [
            (DAYS[0], "pro", 1), (DAYS[3], None, 2)
        ]  # fmt: skip
        async with reading(stage.engine) as connection:
            assert (await programmes.programme(connection, missed.slug)).everybody_touched

    stage.run(told())


def test_whoever_was_given_a_tier_on_a_later_day_is_beyond_the_days_before(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin(PRO, {**PRO, "key": "star", "gain": {"metric": "points", "min": 50}, "grace_days": 30})
        await missed.first_run()
        async with missed.on(1, 0):
            await missed.adjust("ada", 5, DAYS[1])
        async with missed.on(3, 0), missed.open() as (connection, programme):
            at = Hand(connection, programme, "imported", DAYS[3])
            await take_over(at, [Brought(missed.ids["ada"], "star", DAYS[3])])
        await missed.catch_up()
        assert await missed.steps() == []
        standing = await missed.standing()
        assert (standing.tier, standing.at_risk_since) == ("star", DAYS[3])

    stage.run(told())


def test_a_day_made_up_takes_no_marks_away(stage: Stage) -> None:
    async def told() -> None:
        missed = product(stage)
        await missed.begin({**PRO, "gain": {"metric": "points", "min": 6}})
        await missed.first_run()
        async with missed.on(1, 0):
            await missed.apply(book(PRO))
            await missed.adjust("ada", 5, FIRST)
        async with missed.on(4, 0):
            await missed.adjust("ada", -5, FIRST)
        await missed.catch_up()
        marks = select(TOUCHED.c.member_id).where(
            TOUCHED.c.programme_id == missed.id, TOUCHED.c.reader == Reader.STANDINGS.value
        )
        async with reading(stage.engine) as connection:
            assert list(await connection.scalars(marks)) == [missed.ids["ada"]]
            assert (await programmes.programme(connection, missed.slug)).everybody_touched
        async with missed.on(4):
            await missed.run()
        assert await missed.steps() == [(DAYS[1], "pro", 1, 2), (DAYS[4], None, 2, 2)]
        async with reading(stage.engine) as connection:
            assert list(await connection.scalars(marks)) == []
            assert not (await programmes.programme(connection, missed.slug)).everybody_touched

    stage.run(told())


def test_what_was_overtaken_by_something_recorded_later_is_not_part_of_a_position(stage: Stage) -> None:
    """An entry drafted before midnight whose transaction was numbered after one that was drafted after it."""

    async def told() -> None:
        missed = product(stage)
        await missed.begin(PRO)
        for day, moment in ((0, 0), (0, 2), (1, 0), (0, 2), (1, 1)):
            async with missed.on(day, moment):
                await missed.adjust("ada", 1, FIRST)
        async with reading(stage.engine) as connection:
            for day, moment, position in ((0, 0, 1), (0, 1, 1), (0, 2, 2), (1, 0, 4), (1, 1, 5), (2, 0, 5)):
                instant = missed.at(DAYS[day], moment)
                assert await position_at(connection, missed.id, instant) == position
            assert await position_at(connection, missed.id, missed.at(FIRST - timedelta(days=1))) == 0
            recorded = select(ENTRY.c.number).where(ENTRY.c.programme_id == missed.id)
            assert len(list(await connection.scalars(recorded))) == 5

    stage.run(told())
