"""Jobs: runs over everybody by two workers, many midnights at once, small jobs, and how promptly a standing follows."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from arq.connections import ArqRedis, RedisSettings, create_pool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from community.contributions.actions.held import Content
from community.contributions.actions.take_in import Incoming, arrivals, take_in
from community.flow import followed
from community.jobs.actions import NewJob, add
from community.jobs.embedded import Embedded
from community.jobs.following import Messenger
from community.jobs.work import Kind as JobKind
from community.kit import clock, db
from community.kit.settings import Settings
from community.members import actions as members
from community.members.actions.take_in import create_named
from community.members.models import Reader
from community.programmes import queries as programmes
from community.standings.actions.run import refresh
from tests.bench import noop
from tests.bench.dataset import SLUG, Kind, copied, empty
from tests.bench.figures import Figure, seconds
from tests.bench.ladder import hand_written
from tests.bench.stage import CORES, RANGE, Stage, stage
from tests.bench.workers import Workers, idle_share, megabytes, redis_url, start, until, workers
from workers.main import CONNECTIONS, KINDS
from workers.schedule import SCHEDULE, places

RUN_LIMIT = 1.6
MIDNIGHTS_LIMIT = 1.6
PROMPT_LIMIT = 3.0
MEMORY_LIMIT_MB = 60.0
BARE_LIMIT = 3.0
EMBEDDED_A_SECOND = 300.0
MEDIAN_SECONDS = {"postgres": 0.150, "sqlite": 0.100}
IDLE_SHARE = 0.01
PROGRAMMES = 20
MEMBERS_OF_EACH = 50_000
COLUMNS_OF = """
    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
    FROM information_schema.columns WHERE table_name = :name"""
NOOP = "import sys, runpy; sys.argv = ['noop', 'worker']; runpy.run_module('tests.bench.noop', run_name='__main__')"
TOUCHED_ONE_IN = 200


async def by_workers(at: Stage) -> list[Figure]:
    """A run over everybody by two worker processes, a share of the members touched before, against the hand-written
    SQL on two connections; and what the workers' memory grows by.
    """
    if at.sqlite:
        return []
    await _yesterday_was_run(at)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with workers(at.url, CORES, Path(folder) / "workers.log") as made:
            await made.settled()
            idle = max(megabytes(one.pid) for one in made.processes)
            made.forget_peaks()
            taken, bounds = [], []
            for _ in range(at.repeats):
                await _touch_some(at)
                taken.append(await made.done(NewJob("standings.full", 1)))
                await made.settled()
                bounds.append(await seconds(lambda: hand_written(at)))
            grown = max(made.peaks.values()) - idle
    at.peaks["worker"] = grown
    run, bound = statistics.median(taken), statistics.median(bounds)
    return [
        at.figure(f"full run by {CORES} workers / hand-written SQL", run, bound=bound, limit=RUN_LIMIT,
                  note=f"{at.kind.members / run:,.0f} members/s; best {min(taken) / min(bounds):.2f}"),
        at.figure("a worker's peak memory above idle / limit", grown, bound=MEMORY_LIMIT_MB, limit=1.0, unit="MB"),
    ]  # fmt: skip


async def _yesterday_was_run(at: Stage) -> None:
    """Workers live in the present: the day before is run, so that nothing is to be made up."""
    with clock.stopped(datetime.now(UTC)):  # the clock of a bench stands still elsewhere
        async with db.reading(at.engine) as connection:
            today = (await programmes.programme(connection, SLUG)).today
        await refresh(at.engine, SLUG, today - timedelta(days=1), range_size=RANGE, connections=CORES)
    at.day = today


async def _touch_some(at: Stage) -> None:
    chance = random.Random(next(at.seeds))
    ids = chance.sample(range(1, at.kind.members + 1), at.kind.members // TOUCHED_ONE_IN)
    async with db.writing(at.engine) as connection:
        await members.touch(connection, 1, ids, (Reader.STANDINGS,))


async def midnights(database: str, repeats: int, /, *, quick: bool) -> list[Figure]:
    """So many programmes of 50 000 members whose days begin together, prompt runs of another one meanwhile."""
    if database == "sqlite":
        return []
    kind = Kind(database, 1_000 if quick else MEMBERS_OF_EACH)
    async with copied(kind) as url, stage(kind, url, repeats) as at:
        return await _midnights(at)


async def _midnights(at: Stage) -> list[Figure]:
    await _yesterday_was_run(at)
    await _as_programmes(at)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with workers(at.url, CORES, Path(folder) / "workers.log") as made:
            await made.settled()
            bound = await seconds(lambda: hand_written(at)) * PROGRAMMES
            idle = [await _prompt(made, number) for number in range(15)]
            runs = [NewJob("standings.full", number) for number in range(1, PROGRAMMES + 1)]
            under_way = asyncio.create_task(made.done(*runs))
            meanwhile: list[float] = []
            while not under_way.done():
                meanwhile.append(await _prompt(made, len(meanwhile)))
                await asyncio.sleep(0.05)
            taken = await under_way
    name = f"{PROGRAMMES} programmes of {at.kind.members:,} at once"
    return [
        at.figure(f"{name} / hand-written SQL", taken, bound=bound, limit=MIDNIGHTS_LIMIT),
        at.figure(f"a prompt run meanwhile / idle ({len(meanwhile)} runs)", statistics.median(meanwhile),
                  bound=statistics.median(idle), limit=PROMPT_LIMIT),
    ]  # fmt: skip


async def _prompt(made: Workers, number: int) -> float:
    """From the commit of a touch to the end of the prompt run that follows, of one member of the last programme."""
    async with db.writing(made.engine) as connection:
        last = await connection.scalar(
            text("SELECT max(id) FROM member WHERE programme_id = :p"), {"p": PROGRAMMES + 1}
        )
        await members.touch(connection, PROGRAMMES + 1, [int(last or 0) - number % 50], (Reader.STANDINGS,))
    began = time.perf_counter()
    while True:
        async with db.reading(made.engine) as connection:
            left = await connection.scalar(
                text("SELECT count(*) FROM touched WHERE programme_id = :p AND reader = 'standings'"),
                {"p": PROGRAMMES + 1},
            )
        if not left:
            return time.perf_counter() - began
        await asyncio.sleep(0.002)


async def _as_programmes(at: Stage) -> None:
    """Copies of the programme beside it, and one more for the prompt runs, whose members are new ids."""
    async with db.writing(at.engine) as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = ("programme", "book_version", "ledger_head", "arrival_head", "member", "leave", "entry", "standing",
                  "standing_change", "decision", "run", "board_state", "board_value", "board_tally")  # fmt: skip
        for name in tables:
            columns = str(await connection.scalar(text(COLUMNS_OF), {"name": name})).split(", ")
            own = "o.id" if name == "programme" else "o.programme_id"
            values = [_copied(name, column, at.kind.members) for column in columns]
            await connection.execute(
                text(
                    f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {name} AS o, "
                    f"generate_series(1, {PROGRAMMES}) AS n WHERE {own} = 1"
                )
            )
    async with at.engine.connect() as connection:
        analyzing = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await analyzing.execute(text("VACUUM (ANALYZE)"))


def _copied(table: str, column: str, each: int) -> str:
    if column == "programme_id" or (table == "programme" and column == "id"):
        return "1 + n"
    if column == "member_id" or (table == "member" and column == "id"):
        return f"o.{column} + n * {each}"
    return "o.slug || n" if (table, column) == ("programme", "slug") else f"o.{column}"


async def small_jobs(database: str, repeats: int, /, *, quick: bool) -> list[Figure]:
    """What a job that does nothing takes, through table and queue, against one of bare arq; on SQLite, embedded,
    against a three hundredth of a second.
    """
    count = 500 if quick else 4_000
    async with empty(database, "jobs") as url:
        if database == "sqlite":
            each = statistics.median([await _embedded(url, count) for _ in range(repeats)])
            name = "a small job, embedded / a 300th of a second"
            return [Figure(name, database, 0, each, bound=1 / EMBEDDED_A_SECOND, limit=1.0, note=_rate(each))]
        figures = []
        for processes in (1, 2):
            bare = statistics.median([await _bare(count, processes) for _ in range(repeats)])
            ours = statistics.median([await _ours(url, count, processes) for _ in range(repeats)])
            name = f"a small job, {processes} workers / of bare arq"
            figures.append(Figure(name, database, 0, ours, bound=bare, limit=BARE_LIMIT, note=_rate(ours)))
        return figures


def _rate(each: float) -> str:
    return f"{1 / each:,.0f} jobs/s"


async def _bare(count: int, processes: int) -> float:
    """Seconds a job that bare arq workers take."""
    pool = await create_pool(RedisSettings.from_dsn(redis_url()), default_queue_name=noop.BARE_QUEUE)
    await pool.flushdb()
    for _ in range(0, count, 100):
        await asyncio.gather(*(pool.enqueue_job("bare") for _ in range(100)))
    command = [sys.executable, "-m", "tests.bench.noop", "bare", redis_url()]
    started = [start(command) for _ in range(processes)]
    try:
        await until(lambda: _fewer(pool, count))
        began, left = time.perf_counter(), int(await pool.zcard(noop.BARE_QUEUE))
        await until(lambda: _fewer(pool, 1))
        return (time.perf_counter() - began) / left
    finally:
        for one in started:
            one.terminate()
            await asyncio.to_thread(one.wait, 30)
        await pool.aclose()


async def _fewer(pool: ArqRedis, count: int) -> bool:
    return int(await pool.zcard(noop.BARE_QUEUE)) < count


async def _ours(url: str, count: int, processes: int) -> float:
    """Seconds a job that our workers take, from the first commit on; a hundred jobs are added by a transaction."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with workers(url, processes, Path(folder) / "workers.log", NOOP) as made:
            await made.done(*(NewJob("noop") for _ in range(10 * processes)))
            await made.settled()
            return await _until_done(made.engine, count)


async def _until_done(engine: AsyncEngine, count: int) -> float:
    began = time.perf_counter()
    for _ in range(0, count, 100):
        async with db.writing(engine) as connection:
            await add(connection, [NewJob("noop") for _ in range(100)])
    while True:
        async with db.reading(engine) as connection:
            if not await connection.scalar(text("SELECT count(*) FROM job WHERE state <> 'done'")):
                return (time.perf_counter() - began) / count
        await asyncio.sleep(0.02)


@asynccontextmanager
async def embedded(url: str, kinds: dict[str, JobKind]) -> AsyncIterator[AsyncEngine]:
    """Jobs run inside this process, as in a web process; the engine on which what is done is followed."""
    made = Embedded(
        lambda messenger: _followed(db.create_engine(url, CONNECTIONS), messenger),
        kinds, Settings(database_url=url), SCHEDULE if kinds is KINDS else (), places,
    )  # fmt: skip
    engine = _followed(db.create_engine(url, 4), made)
    made.start()
    try:
        yield engine
    finally:
        await made.stop()
        await engine.dispose()


def _followed(engine: AsyncEngine, messenger: Messenger) -> AsyncEngine:
    followed(engine, messenger)
    return engine


async def _embedded(url: str, count: int) -> float:
    async with embedded(url, noop.KINDS) as engine:
        return await _until_done(engine, count)


async def promptly(database: str, _repeats: int, /, *, quick: bool) -> list[Figure]:
    """From the commit of an approval to the standing in the database, while fifty come a second; and what a process
    that runs jobs takes while nothing happens.
    """
    count = 100 if quick else 750
    async with empty(database, "promptly") as url:
        if database == "sqlite":
            async with embedded(url, KINDS) as engine:
                waited = await _approvals(engine, count)
        else:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                async with workers(url, 1, Path(folder) / "workers.log") as made:
                    waited = await _approvals(made.engine, count)
                    await made.settled()
                    idle = await asyncio.to_thread(idle_share, made, 2 if quick else 20)
    limit = MEDIAN_SECONDS[database]
    beside = f"p99 {sorted(waited)[int(len(waited) * 0.99)] * 1e3:.0f} ms"
    figures = [
        Figure("an approval's commit to the standing, median / limit", database, 0, statistics.median(waited),
               bound=limit, limit=1.0, note=beside)
    ]  # fmt: skip
    if database == "postgres":
        name = "an idle worker's share of a core / limit"
        figures.append(Figure(name, database, 0, idle * 100, bound=1.0, limit=1.0, unit="%"))
    return figures


async def _approvals(engine: AsyncEngine, count: int) -> list[float]:
    """Approves a contribution that gains its member a tier, fifty a second; answers how long each tier took."""
    async with db.writing(engine) as connection:
        programme = await programmes.programme(connection, SLUG)
        day = programme.today - timedelta(days=200)
        await create_named(connection, programme.id, {f"p{n}": (f"p{n}", f"P {n}", day) for n in range(count)})
    await asyncio.sleep(3)  # the first run over everybody
    content = Content("talk", "A talk", None, programme.today, "fr", None, {"attendees": 900, "setting": "in-person"})
    committed: dict[int, float] = {}
    seen: dict[int, float] = {}
    watching = asyncio.create_task(_watch(engine, seen, count))
    async with db.reading(engine) as connection:
        ids = list((await connection.scalars(text("SELECT id FROM member ORDER BY id"))).all())
    began = time.perf_counter()
    for place, member_id in enumerate(ids):
        async with db.writing(engine) as connection:
            first = await arrivals(connection, programme.id, 2)
            rows = [Incoming(member_id, f"{member_id}-{one}", content, first + one) for one in range(2)]
            await take_in(connection, programme, "bench", rows, approve=True, actor="bench")
        committed[member_id] = time.perf_counter()
        await asyncio.sleep(max(0.0, began + (place + 1) / 50 - time.perf_counter()))
    await watching
    return [seen[one] - committed[one] for one in ids]


async def _watch(engine: AsyncEngine, seen: dict[int, float], count: int) -> None:
    while len(seen) < count:
        async with db.reading(engine) as connection:
            found = await connection.scalars(text("SELECT member_id FROM standing WHERE tier IS NOT NULL"))
            present = time.perf_counter()
            for one in found:
                seen.setdefault(one, present)
        await asyncio.sleep(0.004)
