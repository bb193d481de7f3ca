"""Building the demonstration programme by the same way as any other, and telling what happened."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from community.changes import actions as changes
from community.contributions import queries as contributions
from community.contributions.actions import review
from community.home import demo
from community.home.demo import actions, cast
from community.home.refresh import refresh
from community.home.verify import Verified, verify
from community.intake.files.contributions import ContributionOptions, import_contributions
from community.intake.files.groups import Source
from community.intake.files.members import import_members
from community.intake.files.report import Report
from community.kit.db import reading, writing
from community.leaderboards.exports import export
from community.leaderboards.queries.shown import board_of
from community.members.queries import member
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.standings.actions import byhand
from community.standings.queries import present

SLUG = "demo"
ACTOR = "demo"
FORMATS = ("csv", "xlsx", "json", "parquet")
REVIEWED_AT_ONCE = 2_000

Step = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Demonstration:
    """The demonstration under way: its database and folder, the seed, the last day, and how its steps are told."""

    engine: AsyncEngine
    folder: Path
    seed: int
    today: date
    step: Step
    progress: Progress

    async def build(self) -> None:
        """Goes the whole way: book, members, contributions, review, evaluations over the years, boards, files."""
        async with writing(self.engine) as connection:
            await actions.mark(connection)
        await self._book()
        await self._members()
        await self._contributions()
        await self._review()
        await self._evaluate()
        await self._cast()
        await self._export()

    async def _book(self) -> None:
        self.step("Applying the book")
        text = demo.book_text()
        (self.folder / "book.yaml").write_text(text, encoding="utf-8")
        await changes.apply(self.engine, NewVersion(parse(text, "book.yaml").book, text), actor=ACTOR)

    async def _members(self) -> None:
        self.step("Bringing in members")
        file = self._written("members.csv", demo.MEMBER_COLUMNS, demo.members(self.seed, self.today))
        _must_be_clean(await import_members(self.engine, SLUG, self._source(file), byhand.bring_along, actor=ACTOR))

    async def _contributions(self) -> None:
        self.step("Bringing in contributions")
        file = self._written("contributions.csv", demo.CONTRIBUTION_COLUMNS, demo.contributions(self.seed, self.today))
        _must_be_clean(
            await import_contributions(
                self.engine, SLUG, self._source(file), ContributionOptions(), actor=ACTOR, progress=self.progress
            )
        )

    def _written(self, name: str, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> Path:
        file = self.folder / name
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(columns))
            writer.writeheader()
            writer.writerows(rows)
        return file

    def _source(self, file: Path) -> Source:
        return Source(str(file), self.folder / "tmp")

    async def _review(self) -> None:
        """Everything but the newest submissions was reviewed."""
        self.step("Reviewing")
        while True:
            async with writing(self.engine) as connection:
                programme = await programmes.programme(connection, SLUG)
                waiting = await contributions.waiting(
                    connection, programme.id, REVIEWED_AT_ONCE, up_to=demo.reviewed_until(self.today)
                )
                if not waiting:
                    return
                await review.approve(connection, programme, waiting, actor=ACTOR)

    async def _evaluate(self) -> None:
        self.step("Evaluating three years, day by day where it matters")
        days = demo.run_days(self.today)
        for done, day in enumerate(days, start=1):
            await refresh(self.engine, SLUG, day)
            if day <= demo.settled_until(self.today):
                await self._accept_all(day)
            self.progress(done, len(days))

    async def _accept_all(self, day: date) -> None:
        """The managers meet and accept the promotions that wait."""
        async with reading(self.engine) as connection:
            programme = await programmes.programme(connection, SLUG)
            waiting = [
                row.handle
                async for row in present.standings(connection, programme.id, proposed=True)
                if row.state.proposal is not None and row.state.proposal.kind == "promotion"
            ]
        for handle in waiting:
            async with writing(self.engine) as connection:
                found = await member(connection, programme.id, handle)
                await byhand.accept(await byhand.hand(connection, programme, ACTOR, day), found.id)

    async def _cast(self) -> None:
        """Some say what they are; and anybody may be a few of them."""
        async with writing(self.engine) as connection:
            programme = await programmes.programme(connection, SLUG)
            await cast.speak(connection, programme.id, self.seed, self.today)
            await cast.appear(connection, programme)

    async def _export(self) -> None:
        self.step("Exporting the boards")
        async with reading(self.engine) as connection:
            programme = await programmes.programme(connection, SLUG)
            for key in (board.key for board in programme.book.leaderboards):
                for file_format in FORMATS:
                    target = self.folder / "boards" / f"{key}.{file_format}"
                    target.parent.mkdir(exist_ok=True)
                    await export(connection, programme, board_of(programme, key), self.today, file_format, target)

    async def proof(self) -> Verified:
        """What `ledger verify` finds."""
        self.step("Verifying the ledger")
        async for found in verify(self.engine, SLUG):
            return found
        raise AssertionError("the demonstration programme exists")


def _must_be_clean(report: Report) -> None:
    """The generator's rows are all good; a refused one is a defect of ours."""
    refused = [str(problem) for problem in report.problems()]
    report.close()
    if refused:
        raise AssertionError("\n".join(refused[:10]))
