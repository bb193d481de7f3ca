"""Does to the product what a story does to the model: the same verbs on the same members, contributions and days."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.changes import actions as changes
from community.contributions.actions import edit as edits
from community.contributions.actions import review, take_in
from community.contributions.actions.held import Content
from community.contributions.forms import ContributionForms
from community.contributions.models import CONTRIBUTION
from community.kit.days import DayReader
from community.kit.db import writing
from community.kit.errors import Conflict
from community.kit.text import fold
from community.ledger import actions as ledger
from community.members.actions.status import set_status
from community.members.actions.take_in import create_named, ids_of
from community.members.models import Status
from community.programmes import queries as programmes
from community.programmes.actions import NewVersion
from community.programmes.parse import parse
from community.programmes.queries import ProgrammeRow
from community.standings.actions import byhand
from community.standings.actions.run import Report, refresh
from tests.model.machine import Model
from tests.model.points import Book, Contribution
from tests.model.stories import Act
from tests.model.strategies import yaml_text

MOMENTS = [time(0, 0), time(12, 0), time(23, 59, 59, 999_999)]
"""When on a programme's day something happens: on the edges of the day too."""
SOURCE = "file"
RULES, PERSON = "rules", "person"


@dataclass
class Product:
    """One programme in the product. `ids` are member ids, `named` the handles that members have here, both by their
    handles in the story; `keys` are contribution ids by those of the story."""

    engine: AsyncEngine
    slug: str
    zone: str
    id: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    keys: dict[str, UUID] = field(default_factory=dict)
    source: str = SOURCE

    def at(self, day: date, moment: int = 1) -> datetime:
        """An instant of the day in the programme's zone."""
        return datetime.combine(day, MOMENTS[moment % len(MOMENTS)], ZoneInfo(self.zone))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[AsyncConnection, ProgrammeRow]]:
        """A transaction, and the programme as it is."""
        async with writing(self.engine) as connection:
            yield connection, await programmes.programme(connection, self.slug)

    # The book and the members

    async def apply(self, book: Book, *, retroactive: bool = False) -> None:
        """Put a book in force under the slug of this programme."""
        text = yaml_text({**book, "programme": {**book["programme"], "slug": self.slug}})
        version = NewVersion(parse(text, "book.yaml").book, text, retroactive=retroactive)
        await changes.apply(self.engine, version, actor=PERSON)
        await changes.reprice(self.engine, self.slug)

    async def add(self, members: Mapping[str, date]) -> None:
        """New members with the days on which they joined."""
        self.named |= {handle: self.named.get(handle, handle) for handle in members}
        folded = {handle: fold(self.named[handle]) for handle in members}
        async with self.open() as (connection, programme):
            self.id = programme.id
            new = {folded[each]: (self.named[each], each.title(), joined_on) for each, joined_on in members.items()}
            await create_named(connection, programme.id, new)
            found = await ids_of(connection, programme.id, list(new))
            self.ids |= {handle: found[folded[handle]] for handle in members}

    async def set_status(self, handle: str, status: str, today: date, return_on: date | None = None) -> None:
        """Change a status; the same one again stays."""
        async with self.open() as (connection, programme):
            to = Status(status)
            try:
                await set_status(
                    connection, programme.id, self.ids[handle], to, today=today, actor=PERSON, return_on=return_on
                )
            except Conflict:
                return

    # Contributions

    def content(self, programme: ProgrammeRow, row: Contribution) -> Content:
        """What the form makes of a row, by the newest version that has its type."""
        book = programme.versions.book(programme.versions.pricing(row.type))
        values = {
            **{name: _text(value) for name, value in row.fields.items()},
            "type": row.type, "title": row.title, "occurred_on": row.day.isoformat(), "language": row.language,
            "url": "https://example.org/deed" if row.has_url else None,
        }  # fmt: skip
        checked = ContributionForms(book, DayReader(self.zone), date.max).check(values)
        assert not isinstance(checked, list), checked
        return Content(*checked[:7])

    async def import_rows(self, rows: list[Contribution], *, approve: bool = False) -> None:
        """The rows of one file."""
        async with self.open() as (connection, programme):
            first = await take_in.arrivals(connection, programme.id, len(rows))
            incoming = [
                take_in.Incoming(self.ids[row.member], row.id, self.content(programme, row), place)
                for place, row in enumerate(rows, start=first)
            ]
            await take_in.take_in(connection, programme, self.source, incoming, approve=approve, actor=PERSON)
            c = CONTRIBUTION.c
            mine = (c.programme_id == programme.id, c.source == self.source)
            found = await connection.execute(select(c.external_id, c.id).where(*mine))
            self.keys = {row[0]: row[1] for row in found}

    async def review(self, verb: str, ids: list[str]) -> None:
        """Approve, reject, withdraw or reverse, all in one transaction."""
        async with self.open() as (connection, programme):
            await getattr(review, verb)(connection, programme, [self.keys[one] for one in ids], actor=PERSON)

    async def edit(self, row: Contribution) -> None:
        """A manager's edit: the contribution says what the row says, and is that member's."""
        async with self.open() as (connection, programme):
            content, member_id = self.content(programme, row), self.ids[row.member]
            await edits.edit(connection, programme, self.keys[row.id], content, actor=PERSON, member_id=member_id)

    async def override(self, id_: str, worth: int, *, past_caps: bool) -> None:
        """Points in place of a price."""
        async with self.open() as (connection, programme):
            await edits.override(
                connection, programme, self.keys[id_], worth, actor=PERSON, note="fair", past_caps=past_caps
            )

    async def take_back_override(self, id_: str) -> None:
        """The price counts again."""
        async with self.open() as (connection, programme):
            await edits.take_back_override(connection, programme, self.keys[id_], actor=PERSON)

    async def adjust(self, handle: str, worth: int, day: date) -> None:
        """Points by hand."""
        async with self.open() as (connection, programme):
            await ledger.adjust(
                connection, programme.id, self.ids[handle], worth, day=day, version=programme.version, note="fair",
                actor=PERSON,
            )  # fmt: skip

    # Standings

    async def run(self, **options: Any) -> Report:
        """A run on the programme's today."""
        return await refresh(self.engine, self.slug, actor=RULES, **options)

    async def by_hand(self, verb: str, handle: str, day: date | None = None, **arguments: Any) -> bool:
        """Accept, decline, place, lock or unlock; False for a proposal that lapsed. A lock may be as asked already."""
        async with self.open() as (connection, programme):
            at = await byhand.hand(connection, programme, PERSON, day)
            try:
                return await getattr(byhand, verb)(at, self.ids[handle], **arguments) is not False
            except Conflict:
                assert verb in ("lock", "unlock")
                return True

    async def import_tier(self, handle: str, tier: str, since: date) -> None:
        """The tier that a members file says."""
        async with self.open() as (connection, programme):
            at = await byhand.hand(connection, programme, byhand.IMPORTED)
            await byhand.take_over(at, [byhand.Brought(self.ids[handle], tier, since)])

    async def perform(self, act: Act, model: Model) -> bool:
        """Do what `act` does to the model, which has not done it yet; False where an acceptance came too late."""
        verb, arguments = act
        match verb:
            case "apply":
                await self.apply(**arguments)
            case "import_rows":
                await self.import_rows(**arguments)
            case "approve" | "reject" | "withdraw" | "reverse":
                await self.review(verb, **arguments)
            case "edit":
                changed = {name: value for name, value in arguments.items() if name != "id_"}
                await self.edit(replace(model.contributions[arguments["id_"]], **changed))
            case "override":
                await self.override(**arguments)
            case "take_back_override":
                await self.take_back_override(**arguments)
            case "adjust":
                await self.adjust(**arguments)
            case "set_status":
                await self.set_status(**arguments)
            case "evaluate_all":
                await self.run()
            case "place":
                return await self.by_hand(verb, **arguments, note="deserved")
            case "accept" | "decline" | "lock" | "unlock":
                return await self.by_hand(verb, **arguments)
            case "import_tier":
                await self.import_tier(**arguments)
            case _:
                raise AssertionError(verb)
        return True


def _text(value: Any) -> str:
    """A value as a file writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
