"""A worker, and a bare arq worker, whose jobs do nothing: what table and queue cost by themselves."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from arq import Worker, func
from arq.connections import RedisSettings

import workers.main
from community.jobs.work import Kind, Work, by_name
from community.kit import settings

BARE_QUEUE = "bench:bare"


async def nothing(_work: Work) -> None:
    """Does nothing: the job ends in a transaction of its own."""


KINDS = by_name([Kind("noop", nothing)])


async def bare(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
    """A bare job of arq that does nothing."""


def main() -> None:
    """`worker`: ours; `bare URL`: arq's own, with the poll delay that suits it."""
    if sys.argv[1] == "bare":
        Worker(
            functions=[func(bare)], redis_settings=RedisSettings.from_dsn(sys.argv[2]), queue_name=BARE_QUEUE,
            poll_delay=0.01, keep_result=0, max_jobs=10, log_results=False,
        ).run()  # fmt: skip
        return
    for name, value in (("KINDS", KINDS), ("HEAVY", frozenset()), ("SCHEDULE", ())):
        setattr(workers.main, name, value)
    asyncio.run(workers.main.main(settings.load()))


if __name__ == "__main__":
    main()
