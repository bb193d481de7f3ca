"""What became of a file: counts, problems and warnings, for people and as JSON, in flat memory."""

from __future__ import annotations

import csv
import errno
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from community.intake.files.chunks import STANDARD_INPUT
from community.kit.cells import Finding
from community.kit.text import excerpt, printable

SHOWN = 20
"""Problems and warnings that a terminal shows; where there are more problems, a file beside the input has them all."""
_WARNINGS_LISTED = 1_000
_COLUMNS = ("line", "column", "value", "message")
_CLOSED_TO_US = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Remark(NamedTuple):
    """A problem or warning at one line of the file (None: about the whole)."""

    line: int | None
    column: str
    value: str
    message: str


@dataclass(slots=True)
class Counts:
    """Each row of the file once: in created, updated, unchanged, refused, or superseded by a later row of the file."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    superseded: int = 0
    approved: int = 0


@dataclass(slots=True)
class Report:
    """The outcome of one import. Problems lie in a temporary database that spills to disk by itself."""

    counts: Counts = field(default_factory=Counts)
    _warnings: dict[tuple[str, str, str], Remark] = field(default_factory=dict)
    _repeated: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _problems: sqlite3.Connection = field(default_factory=lambda: _problem_store())

    def refuse(self, line: int, problems: list[Finding]) -> None:
        """One more row refused, for these reasons."""
        self.counts.refused += 1
        self._problems.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?)",
            [(line, excerpt(one.column), excerpt(one.value), one.message) for one in problems],
        )

    def warn(self, line: int | None, warning: Finding) -> None:
        """A warning; those alike in column, value and message are kept once, with their number."""
        key = (warning.column, warning.value, warning.message)
        if key not in self._warnings:
            if len(self._warnings) >= _WARNINGS_LISTED:
                key = ("", "", "further warnings, not listed")
                line = None
            self._warnings.setdefault(key, Remark(line, excerpt(key[0]), printable(key[1]), key[2]))
        self._repeated[key] = self._repeated.get(key, 0) + 1

    def problems(self) -> Iterator[Remark]:
        """All problems, by line."""
        for row in self._problems.execute("SELECT * FROM problem ORDER BY line, rowid"):
            yield Remark(*row)

    def warnings(self) -> Iterator[tuple[Remark, int]]:
        """The warnings, by the first line that each is about, with the number of lines that it is about."""
        ordered = sorted(self._warnings.items(), key=lambda item: item[1].line or 0)
        for key, remark in ordered:
            yield remark, self._repeated[key]

    @property
    def problem_count(self) -> int:
        """How many problems there are; a row may have several."""
        return int(self._problems.execute("SELECT count(*) FROM problem").fetchone()[0])

    def close(self) -> None:
        """Gives the temporary database back."""
        self._problems.close()


def write_json(report: Report, out: IO[str]) -> None:
    """The report as one JSON object, written piece by piece."""
    counts = {name: getattr(report.counts, name) for name in Counts.__slots__}
    head = json.dumps(counts)[1:-1]
    out.write(f'{{{head}, "problems": [')
    for place, problem in enumerate(report.problems()):
        out.write((", " if place else "") + json.dumps(problem._asdict(), ensure_ascii=False))
    out.write('], "warnings": [')
    for place, (warning, times) in enumerate(report.warnings()):
        out.write((", " if place else "") + json.dumps({**warning._asdict(), "rows": times}, ensure_ascii=False))
    out.write("]}\n")


def lines(report: Report, problems_file: Path | None) -> Iterator[str]:
    """The report for people, a line at a time; `problems_file` is where all problems were written, if they were."""
    counts = report.counts
    named = ("created", "updated", "unchanged", "refused", "superseded", "approved")
    numbers = ", ".join(f"{_spaced(getattr(counts, name))} {name}" for name in named if getattr(counts, name))
    yield f"{_spaced(counts.rows)} rows" + (f": {numbers}" if numbers else "")
    for place, (warning, times) in enumerate(report.warnings()):
        if place == SHOWN:
            yield "warning: further warnings are in the report as JSON (--json)"
            break
        yield f"warning: {_in_words(warning)}" + (f" ({times} rows)" if times > 1 else "")
    total = report.problem_count
    for place, problem in enumerate(report.problems()):
        if place == SHOWN:
            break
        yield _in_words(problem)
    if total > SHOWN:
        yield f"{total - SHOWN} more problems" + (f": all of them are in {problems_file}" if problems_file else "")


def write_problems(report: Report, source: str, folder: Path) -> Path | None:
    """Where there are more problems than a terminal should show: all of them as CSV, and where that lies.

    The file stands beside the input, as `<input>.problems.csv`; in `folder` for standard input, and where the input's
    own folder takes no file. None where there are few.
    """
    if report.problem_count <= SHOWN:
        return None
    name = "standard-input" if source == STANDARD_INPUT else Path(source).name
    places = [folder] if source == STANDARD_INPUT else [Path(source).parent, folder]
    for place in places:
        target = place / f"{name}.problems.csv"
        try:
            place.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as out:
                _write_csv(report, out)
        except OSError as error:
            if place == folder or error.errno not in _CLOSED_TO_US:
                raise
        else:
            return target
    return None


def _write_csv(report: Report, out: IO[str]) -> None:
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows([problem.line, *map(_plain, problem[1:])] for problem in report.problems())


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula, as text."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _in_words(remark: Remark) -> str:
    place = "" if remark.line is None else f"line {remark.line}, "
    column = f"{remark.column}: " if remark.column else ""
    value = f"{remark.value!r} " if remark.value else ""
    return f"{place}{column}{value}{remark.message}"


def _problem_store() -> sqlite3.Connection:
    """A private database on disk, which SQLite deletes when it is closed, and keeps in memory while it is small."""
    store = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = OFF")
    store.execute("CREATE TABLE problem (line INTEGER, column_name TEXT, value TEXT, message TEXT)")
    return store
