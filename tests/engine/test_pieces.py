"""Runs in pieces, as jobs do them: begun, taken up, ended early, closed; and who must wait for whom."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community.history.models import RECORD
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import UsageError
from community.programmes import queries as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.actions.run import (
    Prompt,
    Report,
    Task,
    close_run,
    decide,
    evaluate_range,
    known_at_end_of,
    look_for,
    make_up,
    open_run,
    resume,
    touched_once,
)
from community.standings.actions.run import (
    refresh as whole,
)
from community.standings.models import DECISION, RUN
from tests.engine.driver import Product
from tests.engine.missed import missing
from tests.engine.stage import Stage

DAY = date(2024, 2, 28)
PRO: dict[str, Any] = {"key": "pro", "name": "Pro", "gain": {"metric": "tenure", "min": 0}}
HANDLES = ("ada", "ben", "cleo")


def book(*tiers: dict[str, Any]) -> dict[str, Any]:
    """A book with these tiers."""
    return {
        "format": 1,
        "programme": {"slug": "aces", "name": "Aces", "timezone": "Asia/Kathmandu", "locale": "en"},
        "contribution_types": [{"key": "post", "name": "Post", "points": {"base": 5}}],
        "tiers": [*tiers],
    }


class Pieces(Product):
    """A programme whose runs are done piece by piece."""

    async def programme(self) -> ProgrammeRow:
        """The programme as it is."""
        async with reading(self.engine) as connection:
            return await programmes.programme(connection, self.slug)

    async def begin(self, day: date = DAY, *, made_up: bool = False, **options: Any) -> Task | None:
        """Opens the run of a day."""
        async with self.open() as (connection, programme):
            if made_up:
                options["known"] = await known_at_end_of(connection, programme, day)
            return await open_run(connection, programme, day, **options)

    async def resume(self, day: date = DAY) -> Task | None:
        """The task of the run under way."""
        async with self.open() as (connection, programme):
            return await resume(connection, programme, day)

    async def look(self, task: Task) -> list[int]:
        """Who of all members needs a closer look."""
        async with reading(self.engine) as connection:
            return await look_for(connection, task, min(self.ids.values()), max(self.ids.values()))

    async def decide(self, task: Task, *handles: str) -> Report:
        """Decides about some members."""
        async with writing(self.engine) as connection:
            return await decide(connection, task, [self.ids[each] for each in handles])

    async def close(self, task: Task) -> bool:
        """Closes a run."""
        async with writing(self.engine) as connection:
            return await close_run(connection, task)

    async def prompt(self, day: date = DAY, most: int = 100, first: int = 0) -> Prompt:
        """One transaction of a prompt run."""
        async with self.open() as (connection, programme):
            ladder = Task(programme, day).ladder
            return await touched_once(connection, programme, ladder, day, most, first=first)

    async def decided(self) -> list[tuple[Any, ...]]:
        """Handle, tier reached and version of each decision."""
        handles = {id_: handle for handle, id_ in self.ids.items()}
        c = DECISION.c
        async with reading(self.engine) as connection:
            rows = await connection.execute(
                select(c.member_id, c.to_tier, c.version)
                .where(c.programme_id == self.id)
                .order_by(c.member_id, c.number)
            )
            return [(handles[row[0]], row[1], row[2]) for row in rows]


async def pieces(stage: Stage, *tiers: dict[str, Any]) -> Pieces:
    """A programme with three members."""
    made = Pieces(stage.engine, next(stage._slugs), "Asia/Kathmandu")
    with clock.stopped(made.at(DAY, 0)):
        await made.apply(book(*(tiers or (PRO,))))
        await made.add(dict.fromkeys(HANDLES, DAY))
    return made


def on(made: Product, day: date = DAY, moment: int = 1) -> Any:
    """The clock stands on a day."""
    return clock.stopped(made.at(day, moment))


def test_a_newer_version_ends_a_run_early_and_takes_over(stage: Stage) -> None:
    """Each decision cites the version that took it; a full run right after changes nothing."""

    async def told() -> None:
        made = await pieces(stage)
        with on(made):
            task = await made.begin()
            assert task is not None
            assert len(await made.look(task)) == len(HANDLES)
            assert (await made.decide(task, "ada")).happened["decision"] == 1
            await made.apply(book({**PRO, "key": "other"}))
            late = await made.decide(task, "ben")
            assert (late.ended_early, late.looked_at) == (True, 0)
            assert await made.look(task) == []
            assert await made.resume() is None
            assert not await made.close(task)
            assert (await made.programme()).everybody_touched
            anew = await made.begin()
            assert anew is not None
            assert (anew.version, anew.quiet) == (2, True)
            assert (await made.resume()) == anew
            await made.decide(anew, *HANDLES)
            assert await made.close(anew)
            assert not (await made.programme()).everybody_touched
            assert await made.begin() is None
            assert (await made.run(full=True)).happened == {}
        assert await made.decided() == [
            ("ada", "pro", 1), ("ada", "other", 2), ("ben", "other", 2), ("cleo", "other", 2)
        ]  # fmt: skip

    stage.run(told())


def test_the_command_goes_on_by_a_version_that_is_applied_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> None:
        made = await pieces(stage)
        done = 0

        async def one(*given: Any) -> Report:
            nonlocal done
            done += 1
            if done == 2:
                await made.apply(book({**PRO, "key": "other"}))
            return await evaluate_range(*given)

        monkeypatch.setattr("community.standings.actions.run.whole.evaluate_range", one)
        with on(made):
            report = await made.run(range_size=1, connections=1)
        assert done == 2 * len(HANDLES)
        assert not report.ended_early
        assert [step[2] for step in await made.decided()] == [1, 2, 2, 2]
        assert not (await made.programme()).everybody_touched

    stage.run(told())


def test_once_a_later_day_is_begun_nothing_is_decided_for_one_before(stage: Stage) -> None:
    async def told() -> None:
        made = await pieces(stage)
        with on(made):
            early = await made.begin()
            assert early is not None
        with on(made, DAY + timedelta(days=1)):
            assert await made.begin(DAY + timedelta(days=1)) is not None
            assert (await made.decide(early, "ada")).ended_early
            assert await made.look(early) == []
            assert not await made.close(early)
            assert await made.resume() is None
            assert await made.begin(full=True) is None
            with pytest.raises(UsageError, match="before the last day run"):
                await made.run(day=DAY)
        assert await made.decided() == []

    stage.run(told())


def test_a_first_run_that_died_half_way_is_taken_up_quietly(stage: Stage) -> None:
    async def told() -> None:
        made = await pieces(stage)
        with on(made):
            task = await made.begin()
            assert task is not None
            await made.decide(task, "ada")
            await made.run()
        async with reading(made.engine) as connection:
            gained = (RECORD.c.programme_id == made.id, RECORD.c.verb == "tier.gained")
            assert list(await connection.scalars(select(RECORD.c.quiet).where(*gained))) == [True, True, True]
        with on(made, DAY + timedelta(days=1)):
            later = await made.begin(DAY + timedelta(days=1))
            assert later is not None
            assert not later.quiet

    stage.run(told())


def test_a_run_over_midnight_goes_on_as_of_the_end_of_its_day(stage: Stage) -> None:
    """What comes in after midnight is not of that day, and whom it touched stays touched."""

    async def told() -> None:
        made = await pieces(stage, {**PRO, "gain": {"metric": "points", "min": 5}})
        with on(made, moment=2):
            await made.adjust("ada", 5, DAY)
            task = await made.begin()
        assert task is not None
        assert task.known is None
        with on(made, DAY + timedelta(days=1), 0):
            await made.adjust("ben", 5, DAY)
            again = await made.resume()
            assert again is not None
            assert again.known == await _known(made, DAY)
            await made.decide(again, *HANDLES)
            assert await missing(made, DAY + timedelta(days=1)) == [DAY]
            assert await made.close(again)
            assert await missing(made, DAY + timedelta(days=1)) == []
            assert await made.decided() == [("ada", "pro", 1)]
            assert (await made.programme()).everybody_touched
            assert (await made.prompt(DAY + timedelta(days=1))).must_wait  # for the run of its day
            assert await made.begin(DAY + timedelta(days=1)) is not None
            assert (await made.prompt(DAY + timedelta(days=1))).report.happened == {"decision": 1}
        assert await made.decided() == [("ada", "pro", 1), ("ben", "pro", 1)]

    stage.run(told())


async def _known(made: Pieces, day: date) -> Any:
    async with made.open() as (connection, programme):
        return await known_at_end_of(connection, programme, day)


def test_a_prompt_run_goes_step_by_step_and_waits_where_it_must(stage: Stage) -> None:
    async def told() -> None:
        made = await pieces(stage)
        tomorrow = DAY + timedelta(days=1)
        with on(made):
            for handle in HANDLES:
                await made.adjust(handle, 1, DAY)
            assert (await made.prompt()).must_wait  # for the first run
            task = await made.begin()
            assert task is not None
            first = await made.prompt(most=2)  # beside it
            assert (first.must_wait, first.more, first.report.happened) == (False, made.ids["ben"] + 1, {"decision": 2})
            assert (await made.prompt(tomorrow)).must_wait  # for the run under way, whose day would be missing
            await made.close(task)
        with on(made, tomorrow):
            assert (await made.prompt(tomorrow)).must_wait  # for the run of its day
            assert await made.begin(tomorrow) is not None
            last = await made.prompt(tomorrow, most=2)
            assert (last.must_wait, last.more, last.report.happened) == (False, None, {"decision": 1})
            assert (await made.prompt(DAY - timedelta(days=1))).must_wait
            assert (await made.prompt(DAY + timedelta(days=2))).must_wait
        assert len(await made.decided()) == len(HANDLES)

    stage.run(told())


def test_days_are_missing_from_the_first_run_on(stage: Stage) -> None:
    async def told() -> None:
        made = await pieces(stage)
        days = [DAY + timedelta(days=number) for number in range(4)]
        with on(made, days[3]):
            assert await missing(made, days[3]) == []
            with pytest.raises(UsageError, match="not the next day to make up; none is"):
                await make_up(made.engine, made.slug, DAY)
            await made.run(day=DAY - timedelta(days=30))  # before the programme was there
            assert await missing(made, days[3]) == days[:3]
            with pytest.raises(UsageError, match=f"not the next day to make up; {days[0]} is"):
                await make_up(made.engine, made.slug, days[1])
            for number in range(2):
                assert (await make_up(made.engine, made.slug, days[number], range_size=1)).ended_early is False
                assert await missing(made, days[3]) == days[number + 1 : 3]
            task = await made.begin(days[2], made_up=True)
            assert task is not None
            assert await missing(made, days[3]) == days[2:3]  # not to its end
            assert await made.resume(days[2]) == task
            assert await made.close(task)
            assert await made.resume(days[2]) is None
            assert await missing(made, days[3]) == []
            assert await missing(made, days[0]) == []

    stage.run(told())


def test_two_who_begin_the_same_run_at_once_end_as_one(stage: Stage) -> None:
    async def told() -> None:
        made = await pieces(stage)
        with on(made):
            reports = await asyncio.gather(*(whole(made.engine, made.slug, range_size=1, full=True) for _ in range(2)))
        assert sum(report.happened["decision"] for report in reports) == len(HANDLES)
        assert len(await made.decided()) == len(HANDLES)
        async with reading(made.engine) as connection:
            runs = await connection.execute(
                select(RUN.c.day, RUN.c.finished_at.is_not(None)).where(RUN.c.programme_id == made.id)
            )
            assert [tuple(row) for row in runs] == [(DAY, True)]

    stage.run(told())
