"""The book, the contributions and the ledger of one programme (rulebook, section 5): every verb that moves an award."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from . import points
from .meaning import meaning
from .points import Book, Contribution


class RefusedError(Exception):
    """The verb does not apply in this state; nothing was changed."""


@dataclass(frozen=True)
class Entry:
    """A line of the ledger. `reverses` is the cause of the award that it takes back."""

    member: str
    day: date
    type: str | None
    points: int
    balance: int
    contributions: int
    reach: int
    contribution: str | None
    cause: str | None
    reverses: str | None
    version: int

    def measures(self) -> tuple[Any, ...]:
        """What decides whether another award takes its place."""
        return (self.member, self.day, self.type, self.points, self.reach)


@dataclass
class Awards:
    """Versions of the book by number, contributions by id, and the entries in the order in which they were posted."""

    versions: dict[int, Book] = field(default_factory=dict)
    contributions: dict[str, Contribution] = field(default_factory=dict)
    ledger: list[Entry] = field(default_factory=list)

    # The book

    @property
    def version(self) -> int:
        """The number of the version in force."""
        return max(self.versions)

    @property
    def book(self) -> Book:
        """The book in force."""
        return self.versions[self.version]

    def apply(self, book: Book, *, retroactive: bool = False) -> None:
        """Put a book in force; one that says the same is no new version.

        Retroactively, every approved contribution of its types takes its price.
        """
        if not self.versions or meaning(self.book) != meaning(book):
            self.versions[max(self.versions, default=0) + 1] = copy.deepcopy(book)
        if retroactive:
            for each in self.contributions.values():
                if each.state == "approved" and points.type_of(self.book, each.type):
                    each.version = self.version
            self._settle({each.member for each in self.contributions.values()})

    # Contributions

    def import_rows(self, rows: Iterable[Contribution], *, approve: bool = False) -> list[str]:
        """The rows of one file, in one transaction: created, updated, unchanged or refused, each.

        What is submitted after its row is approved where its type says so or `approve` does.
        """
        touched: set[str] = set()
        outcomes = []
        for row in rows:
            outcomes.append(self._import_row(copy.deepcopy(row), touched))
            if outcomes[-1] != "refused" and (approve or self._is_automatic(self.contributions[row.id].type)):
                self._approve_submitted(self.contributions[row.id], touched)
        self._settle(touched)
        return outcomes

    def _import_row(self, row: Contribution, touched: set[str]) -> str:
        present = self.contributions.get(row.id)
        if not points.type_of(self.book, row.type) and (present is None or present.type != row.type):
            return "refused"
        if present is None:
            row.arrival = len(self.contributions) + 1
            self.contributions[row.id] = row
            return "created"
        if row.content() == present.content():
            return "unchanged"
        self._change(present, row, touched)
        if present.state in ("rejected", "withdrawn", "reversed"):
            present.state = "submitted"
        return "updated"

    def approve(self, ids: Iterable[str]) -> None:
        """Approve submitted contributions, all in one transaction, by the version in force."""
        touched: set[str] = set()
        for each in self._in_state(ids, "submitted"):
            self._approve_submitted(each, touched)
        self._settle(touched)

    def reject(self, ids: Iterable[str]) -> None:
        """Reject submitted contributions."""
        for each in self._in_state(ids, "submitted"):
            each.state = "rejected"

    def withdraw(self, ids: Iterable[str]) -> None:
        """Their author takes submitted contributions back."""
        for each in self._in_state(ids, "submitted"):
            each.state = "withdrawn"

    def reverse(self, ids: Iterable[str]) -> None:
        """Take approved contributions back, all in one transaction."""
        chosen = self._in_state(ids, "approved")
        for each in chosen:
            each.state = "reversed"
        self._settle({each.member for each in chosen})

    def edit(self, id_: str, **changes: Any) -> None:
        """A manager's edit of a submitted or approved contribution: `member` moves it, `fields` are all its fields."""
        present = self.contributions[id_]
        self._refuse_unless(present.state in ("submitted", "approved"), f"it is {present.state}")
        touched: set[str] = set()
        self._change(present, replace(present, **changes), touched)
        self._settle(touched)

    def override(self, id_: str, worth: int, *, past_caps: bool = False) -> None:
        """Points in place of the price of an approved contribution."""
        (present,) = self._in_state([id_], "approved")
        present.override = (worth, past_caps)
        self._settle({present.member})

    def take_back_override(self, id_: str) -> None:
        """The price counts again."""
        present = self.contributions[id_]
        self._refuse_unless(present.override, "no override")
        present.override = None
        self._settle({present.member})

    def adjust(self, handle: str, worth: int, day: date) -> None:
        """Points by hand."""
        self.ledger.append(Entry(handle, day, None, worth, worth, 0, 0, None, None, None, self.version))

    def _in_state(self, ids: Iterable[str], state: str) -> list[Contribution]:
        chosen = [self.contributions[each] for each in ids]
        self._refuse_unless(all(each.state == state for each in chosen), f"not all {state}")
        return chosen

    def _change(self, present: Contribution, new: Contribution, touched: set[str]) -> None:
        in_force = points.type_of(self.book, new.type)
        self._refuse_unless(in_force or new.type == present.type, "no such type")
        if present.state == "approved":
            touched |= {present.member, new.member}
            if in_force and self._price_may_change(present, new):
                present.version = self.version
        for name in ("member", "type", "day", "fields", "language", "has_url", "title"):
            setattr(present, name, getattr(new, name))

    def _price_may_change(self, present: Contribution, new: Contribution) -> bool:
        assert present.version is not None
        type_ = points.type_of(self.versions[present.version], present.type)
        assert type_ is not None
        old_values, new_values = present.values(), new.values()
        read = points.price_reads(type_)
        return (present.type, present.day) != (new.type, new.day) or any(
            old_values.get(name) != new_values.get(name) for name in read
        )

    def _is_automatic(self, type_: str) -> bool:
        return (points.type_of(self.book, type_) or {}).get("review") == "automatic"

    def _approve_submitted(self, contribution: Contribution, touched: set[str]) -> None:
        """By the version in force; where that lacks the type, by the last that had it."""
        if contribution.state == "submitted":
            versions = [number for number, book in self.versions.items() if points.type_of(book, contribution.type)]
            contribution.state, contribution.version = "approved", max(versions)
            touched.add(contribution.member)

    @staticmethod
    def _refuse_unless(condition: object, why: str) -> None:
        if not condition:
            raise RefusedError(why)

    # The ledger

    def _settle(self, handles: Iterable[str]) -> None:
        """Bring every award of these members to what the rule gives: in line order, reversal, then award."""
        handles = set(handles)
        got = {id_: worth for handle in handles for id_, worth in self._awards(handle).items()}
        in_force = self.awards_in_force()
        for each in sorted(self.contributions.values(), key=lambda each: (each.day, each.arrival)):
            old = in_force.get(each.id)
            if each.member not in handles and (old is None or old.member not in handles):
                continue
            new = self._award(each, got[each.id]) if each.id in got else None
            if old and new and old.measures() == new.measures():
                continue
            if old:
                self.ledger.append(_reversal(old))
            if new:
                each.causes.append(str(new.cause))
                self.ledger.append(new)

    def _awards(self, handle: str) -> dict[str, int]:
        mine = [each for each in self.contributions.values() if each.member == handle and each.state == "approved"]
        return points.awards(self.versions, mine)

    def _award(self, each: Contribution, worth: int) -> Entry:
        assert each.version is not None
        cause = f"contribution:{each.id}:{len(each.causes) + 1}"
        reach = _reach(self.versions[each.version], each)
        return Entry(each.member, each.day, each.type, worth, worth, 1, reach, each.id, cause, None, each.version)

    def awards_in_force(self) -> dict[str, Entry]:
        """The awards that nothing reverses, by contribution; at most one each."""
        reversed_ = {entry.reverses for entry in self.ledger if entry.reverses}
        live = [entry for entry in self.ledger if entry.contributions == 1 and entry.cause not in reversed_]
        assert len({entry.contribution for entry in live}) == len(live)
        return {str(entry.contribution): entry for entry in live}

    def balance(self, handle: str) -> dict[str, int]:
        """The sums of the four measures over all entries of the member."""
        measures = ("points", "balance", "contributions", "reach")
        mine = [entry for entry in self.ledger if entry.member == handle]
        return {measure: sum(getattr(entry, measure) for entry in mine) for measure in measures}

    def check(self) -> None:
        """The laws of the ledger: its sums are those of the awards in force, and causes and reversals are unique."""
        live: Counter[tuple[Any, ...]] = Counter()
        for entry in self.awards_in_force().values():
            live[entry.member, entry.day, entry.type] += entry.points
        sums: Counter[tuple[Any, ...]] = Counter()
        for entry in self.ledger:
            if entry.contribution is not None:
                sums[entry.member, entry.day, entry.type] += entry.points
        assert {place: worth for place, worth in sums.items() if worth} == {p: w for p, w in live.items() if w}
        for unique in ("cause", "reverses"):
            given = [getattr(entry, unique) for entry in self.ledger if getattr(entry, unique)]
            assert len(given) == len(set(given))
        approved = {each.id for each in self.contributions.values() if each.state == "approved"}
        assert approved == set(self.awards_in_force())


def _reversal(entry: Entry) -> Entry:
    """The same day, type, version and contribution, with opposite measures."""
    opposite = {name: -getattr(entry, name) for name in ("points", "balance", "contributions", "reach")}
    return replace(entry, cause=None, reverses=entry.cause, **opposite)


def _reach(book: Book, contribution: Contribution) -> int:
    """The field that the type of that version marks as reach, 0 if it is missing."""
    type_ = points.type_of(book, contribution.type) or {}
    marked = [each["key"] for each in type_.get("fields", []) if each.get("reach")]
    value = contribution.fields.get(marked[0], 0) if marked else 0
    assert isinstance(value, int)
    return value
