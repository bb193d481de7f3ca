"""`python -m tests.bench`: measures, and prints a table of figures beside their bounds."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from community.kit import clock, log
from community.kit.console import collect_seldom
from tests.bench import boards, dataset, importing, jobs, ladder, portal, prompt
from tests.bench.dataset import DATABASES, NOON, Kind, NotMade
from tests.bench.figures import Figure, table
from tests.bench.stage import Stage, stage

Bench = Callable[[Stage], Awaitable[list[Figure]]]

BENCHES: dict[str, Bench] = {
    "full": ladder.full_run,
    "prompt": prompt.prompt_runs,
    "one": prompt.one_member,
    "orm": ladder.usual_way,
    "values": boards.refreshed,
    "show": boards.shown,
    "export": boards.exported,
    "portal": portal.pages,
    "workers": jobs.by_workers,
}
"""Benches on a data set, by the names that `--only` takes."""


class Alone(Protocol):
    """A bench that makes its own rows: on a database, so many times."""

    def __call__(self, database: str, repeats: int, /, *, quick: bool) -> Awaitable[list[Figure]]: ...


ALONE: dict[str, Alone] = {
    "import": importing.imported, "memory": importing.memory, "small": jobs.small_jobs, "promptly": jobs.promptly,
    "midnights": jobs.midnights,
}  # fmt: skip
"""Benches that need no data set."""
LINEAR = 1.1
"""Ten times the members may take eleven times the time."""


def main() -> int:
    """Measures what the arguments ask for. The exit status tells only whether it could be done, not how fast."""
    asked = _arguments()
    if asked.drop:
        print("\n".join(asyncio.run(dataset.drop_old())) or "nothing to drop")
        return 0
    collect_seldom()  # as the command line does
    log.configure("json", least=logging.WARNING)
    with clock.stopped(NOON):
        figures = asyncio.run(measure(asked))
    print(table(figures))
    if asked.json:
        asked.json.write_text(json.dumps([one.plain() for one in figures], indent=1) + "\n")
    return 0 if figures else 1


def _arguments() -> argparse.Namespace:
    known = [*ALONE, *BENCHES]
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--members", type=_numbers, default=[10_000, 100_000], help="10000,100000 (and 1000000)")
    parser.add_argument("--databases", type=_words, default=list(DATABASES), help=",".join(DATABASES))
    parser.add_argument("--only", type=_words, default=known, help=",".join(known))
    parser.add_argument("--repeats", type=int, default=3, help="how often each is measured; the median counts")
    parser.add_argument("--quick", action="store_true", help="10,000 members, once each: that it works and prints")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--drop", action="store_true", help="drop old templates, and copies left behind by killed runs")
    asked = parser.parse_args()
    unknown = sorted({*asked.only} - {*known} | {*asked.databases} - {*DATABASES})
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    if asked.quick:
        asked.members, asked.repeats = [10_000], 1
    return asked


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return sorted(int(one.replace("_", "")) for one in text.split(","))


async def measure(asked: argparse.Namespace) -> list[Figure]:
    """The figures of all benches asked for, on each database and number of members."""
    figures: list[Figure] = []
    for database in asked.databases:
        for name in (one for one in ALONE if one in asked.only):
            work = ALONE[name](database, asked.repeats, quick=asked.quick)
            figures += await _told(f"{database}: {name}", work)
        stages: list[Stage] = []
        for kind in (Kind(database, count) for count in asked.members):
            try:
                figures += await _on_data_set(kind, asked, stages)
            except NotMade as refusal:
                print(f"left out: {refusal}", file=sys.stderr)
        figures += [figure for few, many in itertools.pairwise(stages) for figure in grown(few, many)]
    return figures


async def _on_data_set(kind: Kind, asked: argparse.Namespace, stages: list[Stage]) -> list[Figure]:
    """The figures on one data set; its stage joins those that are compared with each other at the end."""
    figures: list[Figure] = []
    names = [one for one in BENCHES if one in asked.only]
    if not names:
        return figures
    async with dataset.copied(kind) as url, stage(kind, url, asked.repeats) as at:
        for name in names:
            figures += await _told(f"{kind.database}, {kind.members:,} members: {name}", BENCHES[name](at))
        stages.append(at)
    return figures


def grown(few: Stage, many: Stage) -> list[Figure]:
    """How time and memory grow with the members: a member's share of the full run, and the peak of each export."""
    figures = []
    share = f"a {many.kind.members // few.kind.members}th of the members"
    if few.full_seconds and many.full_seconds:
        slow, fast = (at.full_seconds / at.kind.members for at in (many, few))
        figures.append(many.figure(f"full run per member / with {share}", slow, bound=fast, limit=LINEAR))
    for one in few.peaks.keys() & many.peaks.keys():
        name = f"peak memory, board as {one} / with {share}"
        figures.append(
            many.figure(name, many.peaks[one], bound=few.peaks[one], limit=importing.MEMORY_LIMIT, unit="MB")
        )
    return figures


async def _told(what: str, work: Awaitable[list[Figure]]) -> list[Figure]:
    begun = time.perf_counter()
    found = await work
    print(f"{what}: {time.perf_counter() - begun:.1f} s", file=sys.stderr)
    return found


if __name__ == "__main__":
    sys.exit(main())
