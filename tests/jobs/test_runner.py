"""Jobs are done once, whatever fails, and what waits with one key is done together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.jobs import actions, queries
from community.jobs.actions import LostError, NewJob
from community.jobs.models import JOB, State
from community.jobs.rules import LEASE
from community.kit import clock
from community.kit.db import reading, writing
from community.kit.errors import Conflict
from tests.jobs.stage import KINDS, add, again, effects, runner, with_effects

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _effects(engine: AsyncEngine) -> None:
    await with_effects(engine)


async def test_a_job_is_done_once_whoever_is_told_of_it(engine: AsyncEngine) -> None:
    jobs = await add(engine, *(NewJob("do", None, {"what": f"{number:02d}"}) for number in range(30)))
    ids = [str(one.id) for one in jobs]
    async with runner(engine) as first, runner(engine) as second:
        await asyncio.gather(*(one.told(ids) for one in (first, second) for _ in range(5)))
        await asyncio.gather(first.short(), second.short())
    assert await effects(engine) == [f"{number:02d}" for number in range(30)]
    assert {(await again(engine, one)).state for one in jobs} == {"done"}


async def test_what_waits_with_one_key_is_done_together_and_what_comes_later_by_one_more(engine: AsyncEngine) -> None:
    jobs = await add(engine, *(NewJob("do", None, {"what": "together"}, key="k") for _ in range(3)))
    async with runner(engine) as at:
        await at.told([str(jobs[1].id)])
        assert await effects(engine) == ["together"]
        assert {(await again(engine, one)).state for one in jobs} == {"done"}
        await add(engine, NewJob("do", None, {"what": "later"}, key="k"))
        await at.short()
    assert await effects(engine) == ["later", "together"]


async def test_what_is_due_later_waits(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("do", None, {"what": "x"}, after=timedelta(hours=1)))
    async with runner(engine) as at:
        await at.short()
        assert await effects(engine) == []
        with clock.stopped(clock.now() + timedelta(hours=2)):
            await at.short()
    assert await effects(engine) == ["x"]
    assert (await again(engine, job)).tries == 1


async def test_a_job_that_fails_is_tried_again_and_then_dead_with_its_reason(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("fail"))
    async with runner(engine) as at:
        await at.short()
        once = await again(engine, job)
        assert (once.state, once.tries) == ("waiting", 1)
        assert once.run_at > clock.now() + timedelta(seconds=0.2)
        for hours in (1, 2):
            with clock.stopped(clock.now() + timedelta(hours=hours)):
                await at.tried()
    dead = await again(engine, job)
    assert (dead.state, dead.tries, dead.error) == ("dead", 3, "ArithmeticError: cannot be done")
    assert await effects(engine) == []


async def test_a_job_that_hangs_is_ended_and_dead_and_takes_nobody_along(engine: AsyncEngine) -> None:
    [bad, *good] = await add(engine, NewJob("hang"), *(NewJob("do", None, {"what": "x"}) for _ in range(40)))
    async with runner(engine) as at:
        await at.short()
        with clock.stopped(clock.now() + timedelta(hours=1)):
            await at.tried()
    assert await effects(engine) == ["x"] * 40
    assert {(await again(engine, one)).tries for one in good} == {1}
    found = await again(engine, bad)
    assert (found.state, found.error) == ("dead", "it took longer than 0.2 s")


async def test_parts_are_done_and_then_the_whole_goes_on(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("split"))
    async with runner(engine) as at:
        await at.short()
        assert ((await again(engine, job)).state, (await again(engine, job)).parts) == ("split", 3)
        await asyncio.gather(at.heavy(), at.heavy())
        assert (await again(engine, job)).parts_done == 3
        await at.short()
    assert await effects(engine) == ["closed", "part 0", "part 1", "part 2"]
    assert (await again(engine, job)).state == "done"


async def test_whoever_lost_the_lease_writes_nothing(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("do"))
    async with writing(engine) as connection:
        [stale] = await actions.claim(connection, "stopped", list(KINDS), 5)
    with clock.stopped(clock.now() + LEASE + timedelta(seconds=1)):
        async with runner(engine) as at:
            await at.tried()
    assert (await again(engine, job)).state == "done"
    for late in (actions.finish, actions.hold):
        with pytest.raises(LostError):
            await _write(engine, "late", partial(late, claimed=stale))
    assert await effects(engine) == [""]


async def _write(engine: AsyncEngine, what: str, end: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    async with writing(engine) as connection:
        await connection.execute(text("INSERT INTO effect VALUES (:what)"), {"what": what})
        await end(connection)


async def test_a_lease_that_is_renewed_is_not_taken(engine: AsyncEngine) -> None:
    await add(engine, NewJob("do"))
    async with writing(engine) as connection:
        [claimed] = await actions.claim(connection, "busy", list(KINDS), 5)
    with clock.stopped(clock.now() + LEASE - timedelta(seconds=1)):
        async with writing(engine) as connection:
            await actions.renew(connection, [claimed])
    with clock.stopped(clock.now() + LEASE + timedelta(seconds=2)):
        async with runner(engine) as at:
            await at.tried()
            assert await effects(engine) == []
        async with writing(engine) as connection:
            await actions.finish(connection, claimed)


async def test_a_job_whose_process_always_ends_is_dead_at_last(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("fail"))
    present = clock.now()
    for number in range(1, 4):
        with clock.stopped(present + number * timedelta(minutes=1)):
            async with writing(engine) as connection:
                assert await actions.claim(connection, "killed", list(KINDS), 1, tried=number > 1)
    with clock.stopped(present + timedelta(hours=1)):
        async with runner(engine) as at:
            await at.tried()
    found = await again(engine, job)
    assert (found.state, found.error) == ("dead", "its process ended 3 times while it ran")


async def test_what_runs_at_a_stop_is_handed_back_at_once(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("hang"))
    async with runner(engine) as at:
        at.start(at.short)
        await asyncio.sleep(0.1)
        assert (await again(engine, job)).state == "running"
        await at.stop(0)
    found = await again(engine, job)
    assert (found.state, found.tries, found.lease_until) == ("waiting", 0, None)


async def test_a_dead_part_makes_the_whole_dead_and_tried_again_both_end(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("split"))
    async with runner(engine, {**KINDS, "part": KINDS["fail"]._replace(name="part", heavy=True)}) as at:
        await at.short()
        await at.heavy()
        with clock.stopped(clock.now() + timedelta(hours=1)):
            await at.tried()
        with clock.stopped(clock.now() + timedelta(hours=2)):
            await at.tried()
    found = await again(engine, job)
    assert found.state == "dead"
    assert "part" in str(found.error)
    async with reading(engine) as connection:
        dead = await queries.jobs(connection, state="dead", kind="part")
    assert len(dead) == 3
    async with writing(engine) as connection:
        await actions.retry(connection, job.id, actor="cleo")
    async with runner(engine) as at:
        await at.heavy()
        await at.short()
    assert (await again(engine, job)).state == "done"
    assert await effects(engine) == ["closed", "part 0", "part 1", "part 2"]


async def test_what_ended_can_neither_be_retried_nor_discarded(engine: AsyncEngine) -> None:
    [job, other] = await add(engine, NewJob("do"), NewJob("do"))
    async with writing(engine) as connection:
        await actions.discard(connection, other.id, actor="cleo")
    async with runner(engine) as at:
        await at.short()
    for verb in (actions.retry, actions.discard):
        with pytest.raises(Conflict, match="the job is done"):
            await _write(engine, "x", partial(verb, job_id=job.id, actor="cleo"))
    assert await effects(engine) == [""]
    async with writing(engine) as connection:
        await actions.retry(connection, other.id, actor="cleo")
    assert (await again(engine, other)).state == "waiting"


async def test_old_jobs_are_cleaned_away_and_dead_ones_stay(engine: AsyncEngine) -> None:
    await add(engine, *(NewJob("do") for _ in range(5)), NewJob("do", after=timedelta(days=9)))
    async with runner(engine) as at:
        await at.short()
    async with writing(engine) as connection:
        gone = await actions.clean(connection, finished_before=clock.now() + timedelta(seconds=1), most=3)
        assert gone == 3
        await actions.clean(connection, finished_before=clock.now() + timedelta(seconds=1), most=100)
        left = (await connection.execute(JOB.select())).all()
    assert [row.state for row in left] == [State.WAITING.value]


async def test_what_waits_together_is_split_once_and_the_others_end(engine: AsyncEngine) -> None:
    jobs = await add(engine, NewJob("split", key="k"), NewJob("split", key="k"))
    async with runner(engine) as at:
        await at.short()
        assert [(await again(engine, one)).state for one in jobs] == ["split", "done"]
        await at.heavy()
        await at.short()
    assert await effects(engine) == ["closed", "part 0", "part 1", "part 2"]
    assert [(await again(engine, one)).state for one in jobs] == ["done", "done"]


async def test_what_is_asked_for_while_a_split_one_waits_to_go_on_is_not_taken_with_it(engine: AsyncEngine) -> None:
    [first] = await add(engine, NewJob("split", key="k"))
    async with runner(engine) as at:
        await at.short()
        await at.heavy()
        assert (await again(engine, first)).state == "waiting"
        [second] = await add(engine, NewJob("split", key="k"))
        await at.short()
        assert (await again(engine, first)).state == "done"
        assert (await again(engine, second)).state == "split"
        await at.heavy()
        await at.short()
    assert await effects(engine) == ["closed", "closed", *sorted(["part 0", "part 1", "part 2"] * 2)]


async def test_what_was_claimed_without_the_process_learning_of_it_is_not_kept(engine: AsyncEngine) -> None:
    [_, lost] = await add(engine, NewJob("hang"), NewJob("do", None, {"what": "x"}))
    async with runner(engine, {**KINDS, "hang": KINDS["hang"]._replace(seconds=3_600)}) as at:
        async with writing(engine) as connection:
            assert len(await actions.claim(connection, at.name, ["do"], 1)) == 1
        at.start(at.short)
        await asyncio.sleep(0.2)
        with clock.stopped(clock.now() + LEASE + timedelta(seconds=1)):
            await at.sweep()
            await asyncio.sleep(0.5)
    assert await effects(engine) == ["x"]
    assert (await again(engine, lost)).state == "done"


async def test_a_process_does_not_take_its_own_jobs_as_left_behind(engine: AsyncEngine) -> None:
    [job] = await add(engine, NewJob("hang"))
    async with runner(engine, {**KINDS, "hang": KINDS["hang"]._replace(seconds=3_600)}) as at:
        at.start(at.short)
        await asyncio.sleep(0.2)
        with clock.stopped(clock.now() + LEASE + timedelta(seconds=1)):
            await at.sweep()
            await asyncio.sleep(0.3)
        assert (await again(engine, job)).tries == 1


async def test_an_error_in_a_sweep_ends_neither_sweeping_nor_renewing(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("community.jobs.runner.SWEPT_EVERY", timedelta(seconds=0.01))
    failed: list[int] = []
    enough = asyncio.Event()

    async def fails_twice() -> None:
        failed.append(1)
        if len(failed) < 3:
            raise ArithmeticError("cannot be planned")
        enough.set()

    async with runner(engine) as at:
        sweeping = asyncio.create_task(at.sweeping(fails_twice))
        async with asyncio.timeout(20):
            await enough.wait()
        assert not sweeping.done()
        await at.stop(1)
        await sweeping
