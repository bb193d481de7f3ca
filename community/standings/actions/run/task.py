"""What is to be done in a run, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from community.programmes.queries import ProgrammeRow
from community.programmes.versions import Versions
from community.standings.actions.store import Judged
from community.standings.rules.ladder import Ladder, ladder_of
from community.standings.rules.state import Known

BY_RULES = "rules"


@dataclass(frozen=True)
class Task:
    """One run: the programme with the book pinned at its start, the day, and how it is to be done.

    `known`: the day is made up, and counts only what was known then; `only_touched`: it was run already, and only
    those who were touched since are looked at again. `past`: it starts from the standings at the end of the day before,
    for dry runs.
    """

    programme: ProgrammeRow
    day: date
    actor: str = BY_RULES
    quiet: bool = False
    known: Known | None = None
    only_touched: bool = False
    dry: bool = False
    past: bool = False

    @property
    def ladder(self) -> Ladder:
        """The ladder by which all of the run is decided."""
        return ladder_of(self.programme.book, self.programme.version)

    @property
    def version(self) -> int:
        """The version that every decision of the run cites."""
        return self.programme.version


def pinned(programme: ProgrammeRow, version: int) -> ProgrammeRow:
    """The programme as it was when a version was its newest."""
    if version == programme.version:
        return programme
    books = {number: book for number, book in programme.versions.books.items() if number <= version}
    return replace(programme, versions=Versions(version, books))


@dataclass(slots=True)
class Report:
    """What a run, or a part of one, did. `judged` is kept by dry runs only.

    `ended_early`: it did nothing (more), since a newer version was applied or a later day begun.
    """

    day: date
    everybody: bool
    looked_at: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    judged: list[Judged] = field(default_factory=list)
    ended_early: bool = False

    def add(self, judged: Sequence[Judged], *, keep: bool = False) -> None:
        """Counts what came of some members."""
        self.looked_at += len(judged)
        for one in judged:
            if one.outcome.step is not None:
                self.happened["decision"] += 1
            self.happened.update(what.verb for what in one.outcome.happened)
        if keep:
            self.judged += [one for one in judged if one.changed]

    def take(self, part: Report) -> None:
        """Adds what a part of the run did."""
        self.looked_at += part.looked_at
        self.happened.update(part.happened)
        self.judged += part.judged
        self.ended_early |= part.ended_early


@dataclass(slots=True)
class Prompt:
    """What one transaction of a prompt run did: from which member id on `more` wait (None: nobody), or that it
    `must_wait` for days before its own, and did nothing.
    """

    report: Report
    more: int | None = None
    must_wait: bool = False
