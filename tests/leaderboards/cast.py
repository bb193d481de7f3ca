"""A programme that is told twice: to the database, and to a slow reading of section 6 that says what a board shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from community.kit.clock import now
from community.kit.text import fold
from community.leaderboards.rules import Row
from community.ledger import actions as ledger
from community.ledger.rules import award, reversal
from community.members import actions as members
from community.members.models import MEMBER, Reader
from community.programmes import actions as programmes
from community.programmes.actions import NewVersion
from community.programmes.book import Board, Book
from community.programmes.windows import bounds
from community.standings.models import DECISION, STANDING

TYPES = ("post", "talk")
TIERS = ("associate", "pro")


def book_of(slug: str, *boards: Mapping[str, Any], timezone: str = "UTC") -> Book:
    """A book with two types, two tiers and the boards."""
    return Book.model_validate(
        {
            "format": 1,
            "programme": {"slug": slug, "name": "Aces", "timezone": timezone, "locale": "en"},
            "contribution_types": [{"key": key, "name": key.title()} for key in TYPES],
            "tiers": [{"key": key, "name": key.title()} for key in TIERS],
            "leaderboards": [{"name": {"en": "Board", "fr": "Classement"}, **board} for board in boards],
        }
    )


@dataclass
class Person:
    """A member as told."""

    id: int
    handle: str
    name: str
    country: str | None
    status: str
    on_boards: bool


@dataclass(frozen=True)
class Told:
    """An entry as told; a reversal has its measures below zero."""

    number: int
    member_id: int
    day: date
    type: str | None
    points: int
    contributions: int
    reach: int
    reverses: int | None = None


@dataclass
class World:
    """One programme; every verb writes to the database and remembers."""

    book: Book
    id: int = 0
    people: list[Person] = field(default_factory=list)
    entries: list[Told] = field(default_factory=list)
    decisions: list[tuple[int, date, str | None]] = field(default_factory=list)

    async def begin(self, connection: AsyncConnection) -> None:
        """The programme with its book."""
        self.id = await programmes.create(connection, NewVersion(self.book, ""), "test")
        await ledger.open_ledger(connection, self.id)

    async def apply(self, connection: AsyncConnection, book: Book, number: int) -> None:
        """Another version of the book."""
        self.book = book
        await programmes.add_version(connection, self.id, number, NewVersion(book, ""), "test")

    async def join(
        self, connection: AsyncConnection, handle: str, *, country: str | None = None, status: str = "active",
        on_boards: bool = True, name: str | None = None,
    ) -> Person:  # fmt: skip
        """A new member."""
        values: dict[str, Any] = {
            "programme_id": self.id, "handle": handle, "folded": fold(handle), "name": name or handle.title(),
            "country": country, "joined_on": date(2024, 6, 1), "status": status, "on_boards": on_boards,
            "return_on": date(2030, 1, 1) if status == "on_leave" else None, "attributes": {}, "created_at": now(),
            "came_back": False,
        }  # fmt: skip
        member_id = await connection.scalar(insert(MEMBER).values(**values).returning(MEMBER.c.id))
        assert member_id is not None
        await members.touch(connection, self.id, [member_id])
        person = Person(member_id, handle, values["name"], country, status, on_boards)
        self.people.append(person)
        return person

    async def change(self, connection: AsyncConnection, person: Person, **values: Any) -> None:
        """A member's country, status or wish to stand on boards."""
        for name, value in values.items():
            setattr(person, name, value)
        if values.get("status") == "on_leave":
            values["return_on"] = date(2030, 1, 1)
        await connection.execute(MEMBER.update().where(MEMBER.c.id == person.id).values(**values))
        await members.touch(connection, self.id, [person.id])

    async def give(
        self, connection: AsyncConnection, person: Person, day: date, points: int, type_: str | None = "post",
        reach: int = 0,
    ) -> int:  # fmt: skip
        """An award, or an adjustment where there is no type; answers its number."""
        if type_ is None:
            number = await ledger.adjust(
                connection, self.id, person.id, points or 1, day=day, version=1, note="thanks", actor="test"
            )
            self.entries.append(Told(number, person.id, day, None, points or 1, 0, 0))
            return number
        number = await ledger.number(connection, self.id, 1)
        posting = award(person.id, day, type_, points, reach, f"c:{number}", 1)
        await ledger.post(connection, self.id, ledger.draft(connection, self.id, [posting]), number)
        self.entries.append(Told(number, person.id, day, type_, points, 1, reach))
        return number

    async def take_back(self, connection: AsyncConnection, number: int) -> None:
        """The reversal of an award."""
        old = next(entry for entry in self.entries if entry.number == number)
        new = await ledger.number(connection, self.id, 1)
        posting = reversal(
            number, old.member_id, old.day, old.type, old.points, old.contributions, old.reach, 1, old.points
        )
        await ledger.post(connection, self.id, ledger.draft(connection, self.id, [posting]), new)
        self.entries.append(
            Told(new, old.member_id, old.day, old.type, -old.points, -old.contributions, -old.reach, number)
        )

    async def decide(self, connection: AsyncConnection, person: Person, day: date, tier: str | None) -> None:
        """A step to a tier, or to none."""
        mine = [one for one in self.decisions if one[0] == person.id]
        present = mine[-1][2] if mine else None
        if present == tier:
            return
        await connection.execute(
            insert(DECISION).values(
                programme_id=self.id, member_id=person.id, number=len(mine) + 1, from_tier=present, to_tier=tier,
                day=day, position=0, version=1, reasons=[], decided_by="test", at=now(),
            )
        )  # fmt: skip
        standing = {"tier": tier, "since": day if tier else None}
        where = (STANDING.c.programme_id == self.id, STANDING.c.member_id == person.id)
        if mine:
            await connection.execute(STANDING.update().where(*where).values(**standing))
        else:
            row = {"programme_id": self.id, "member_id": person.id, **standing}
            await connection.execute(insert(STANDING).values(**row, locked=False, changes=1, decisions=1))
        self.decisions.append((person.id, day, tier))
        await members.touch(connection, self.id, [person.id], (Reader.BOARDS,))

    def shown(self, board: Board, day: date) -> list[Row]:
        """What the board shows on a day, by the page."""
        found = []
        for person in self.people:
            value, count = self._value(board, person, day), self._value(board, person, day, "contributions")
            if value > 0 and self._may_stand(board, person, day):
                found.append((-value, fold(person.handle), person, count))
        found.sort(key=lambda one: one[:2])
        values = [-one[0] for one in found]
        return [
            Row(
                _rank(board.ties, values, place), person.handle, person.name, person.country,
                self._tier(person, day), values[place], count,
            )
            for place, (_value, _folded, person, count) in enumerate(found)
        ]  # fmt: skip

    def _may_stand(self, board: Board, person: Person, day: date) -> bool:
        only = board.only
        return (
            person.status in ("active", "on_leave")
            and (person.on_boards or board.audience == "managers")
            and (only is None or only.countries is None or person.country in only.countries)
            and (only is None or only.tiers is None or self._tier(person, day) in only.tiers)
        )

    def _tier(self, person: Person, day: date) -> str | None:
        found = [tier for member_id, on, tier in self.decisions if member_id == person.id and on <= day]
        return found[-1] if found else None

    def _value(self, board: Board, person: Person, day: date, metric: str | None = None) -> int:
        first, last = bounds(board.window, day, self.book.programme.cycle)
        entries = [
            entry
            for entry in self.entries
            if entry.member_id == person.id
            and (first or date.min) <= entry.day <= last
            and (board.types is None or entry.type in board.types)
            and (board.except_ is None or entry.type not in board.except_)
        ]
        metric = metric or board.metric
        if metric in ("points", "contributions", "reach"):
            return sum(getattr(entry, metric) for entry in entries)
        parts: dict[Any, int] = defaultdict(int)
        for entry in entries:
            part = {"distinct_types": entry.type, "active_days": entry.day, "active_months": entry.day.replace(day=1)}
            parts[part[metric]] += entry.contributions
        return sum(count > 0 for count in parts.values())


def _rank(ties: str, values: Sequence[int], place: int) -> int:
    higher = [value for value in values if value > values[place]]
    return {"ordinal": place, "competition": len(higher), "dense": len(set(higher))}[ties] + 1
