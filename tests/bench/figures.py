"""Figures: what was measured, the bound measured beside it, their ratio and its limit; and the table of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `measured` and `bound` in `unit`; `limit` is what their ratio may be, or None where there
    is none; `at_least`: the ratio must not be below the limit, instead of not above it."""

    name: str
    database: str
    members: int
    measured: float
    bound: float | None = None
    limit: float | None = None
    unit: str = "s"
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the bound the measured is (`at_least`: how many times the bound is the measured)."""
        if self.bound is None:
            return None
        above, below = (self.bound, self.measured) if self.at_least else (self.measured, self.bound)
        return above / below if below else None

    @property
    def verdict(self) -> str:
        """PASS, OVER, or nothing where there is no limit."""
        if self.ratio is None or self.limit is None:
            return ""
        within = self.ratio >= self.limit if self.at_least else self.ratio <= self.limit
        return "PASS" if within else "OVER"

    def plain(self) -> dict[str, object]:
        """The figure for a JSON file."""
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


async def seconds(work: Work) -> float:
    """How long a piece of work takes."""
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


@dataclass(frozen=True)
class Prepared:
    """A piece of work whose preparation is not timed."""

    prepare: Work
    work: Work


async def interleaved(repeats: int, *works: Work | Prepared) -> list[float]:
    """The median seconds of each piece of work, taken in turns (A B A B), so that a noisy minute hits all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for place, one in enumerate(works):
            if isinstance(one, Prepared):
                await one.prepare()
            taken[place].append(await seconds(one.work if isinstance(one, Prepared) else one))
    return [statistics.median(times) for times in taken]


HEADINGS = ("figure", "database", "members", "measured", "bound", "ratio", "limit", "", "note")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a plain table."""
    rows = [HEADINGS, *(_cells(one) for one in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    left = {0, 1, 7, 8}
    lines = [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(one: Figure) -> tuple[str, ...]:
    sign = "≥" if one.at_least else "≤"
    return (
        one.name, one.database, f"{one.members:,}", _amount(one.measured, one.unit),
        "" if one.bound is None else _amount(one.bound, one.unit),
        "" if one.ratio is None else f"{one.ratio:.2f}",
        "" if one.limit is None else f"{sign} {one.limit:g}", one.verdict, one.note,
    )  # fmt: skip


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.2f} ms" if value >= 1e-3 else f"{value * 1e6:.1f} µs"
    return f"{value:,.2f} {unit}"
