"""How the jobs are, for whoever watches: what `/readyz` asks, and what `/metrics` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs import queries
from community.jobs.queries import QueueState
from community.jobs.rules import SECONDS, Tally
from community.kit.clock import now
from community.kit.db import reading
from community.kit.errors import MachineryError
from community.kit.settings import Settings

SWEPT_WITHIN_SECONDS = 60
RUNS = ("standings.daily", "standings.full", "boards.full", "boards.freeze", "ledger.verify")
"""Kinds that go over everybody."""


async def sweep(engine: AsyncEngine, _settings: Settings) -> str:
    """How long ago a process that runs jobs swept. Raises MachineryError where none did for a minute."""
    async with reading(engine) as connection:
        swept_at = (await queries.queue_state(connection)).swept_at
    if swept_at is None:
        raise MachineryError("no process that runs jobs has swept yet")
    seconds = max(0.0, (now() - swept_at).total_seconds())
    if seconds > SWEPT_WITHIN_SECONDS:
        raise MachineryError(f"no process that runs jobs has swept for {seconds:.0f} s")
    return f"{seconds:.0f} s"


async def measure(engine: AsyncEngine) -> list[Metric]:
    """Jobs by kind and outcome, how long they took, what waits and for how long, and runs over everybody."""
    async with reading(engine) as connection:
        queue = await queries.queue_state(connection)
        tallies = await queries.tallies(connection)
    return [*_of_queue(queue), *_of_ends(added(tallies))]


def added(tallies: Sequence[Tally]) -> Tally:
    """The tallies of several processes as one."""
    total: Tally = {}
    for kind, outcome, row in (
        (kind, outcome, row) for one in tallies for kind, ends in one.items() for outcome, row in ends.items()
    ):
        known = total.setdefault(kind, {}).setdefault(outcome, [0.0] * len(row))
        for place, value in enumerate(row):
            known[place] += value
    return total


def _of_queue(queue: QueueState) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "community_queue_age_seconds", "For how long the oldest job that is due has waited.", queue.oldest_seconds
    )
    waiting = GaugeMetricFamily("community_queue_waiting", "Jobs that are due and wait, by kind.", labels=["kind"])
    for kind, count in sorted(queue.waiting.items()):
        waiting.add_metric([kind], count)
    yield waiting
    yield GaugeMetricFamily("community_jobs_dead", "Jobs that failed for good and wait for somebody.", queue.dead)


def _of_ends(tally: Tally) -> Iterator[Metric]:
    ended = CounterMetricFamily("community_jobs", "Jobs by kind and how they ended.", labels=["kind", "outcome"])
    took = HistogramMetricFamily("community_job_seconds", "From the claim of a job to its end.", labels=["kind"])
    runs = CounterMetricFamily("community_runs", "Runs over everybody by kind.", labels=["kind", "outcome"])
    for kind, ends in sorted(tally.items()):
        for outcome, row in sorted(ends.items()):
            ended.add_metric([kind, outcome], row[0])
            if kind in RUNS:
                runs.add_metric([kind, outcome], row[0])
        whole = [sum(column) for column in zip(*ends.values(), strict=True)]
        buckets = [(str(most), count) for most, count in zip(SECONDS, whole[2:], strict=True)]
        took.add_metric([kind], [*buckets, ("+Inf", whole[0])], whole[1])
    yield from (ended, took, runs)
