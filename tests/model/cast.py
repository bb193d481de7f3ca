"""A small cast for the model's own tests: one programme, one member, and a type whose field says its points."""

from __future__ import annotations

from datetime import date
from typing import Any

from .machine import Model
from .points import Book, Contribution


def book_of(*tiers: dict[str, Any], types: list[dict[str, Any]] | None = None, **more: Any) -> Book:
    """A book with the types given, or one type `post` that gives the points of its field `worth`."""
    worth = {
        "key": "post",
        "fields": [{"key": "worth", "type": "integer"}],
        "points": {"bonuses": [{"per": "worth", "every": 1, "points": 1}]},
    }
    programme = {"slug": "aces", "cycle": more.pop("cycle", {}), "ladder": more.pop("ladder", "highest")}
    return {"programme": programme, "contribution_types": types or [worth], "tiers": list(tiers), **more}


def programme_of(book: Book, joined_on: date = date(2024, 1, 1)) -> Model:
    """A programme with ada."""
    model = Model()
    model.apply(book)
    model.add("ada", joined_on)
    return model


def give(model: Model, day: date, type_: str = "post", **more: Any) -> str:
    """An approved contribution of ada; `worth` are its points in the book of `book_of`."""
    fields = more.pop("fields", None) or ({"worth": more.pop("worth")} if "worth" in more else {})
    row = Contribution(f"c{len(model.contributions) + 1}", "ada", type_, day, fields, **more)
    model.import_rows([row], approve=True)
    return row.id


def run(model: Model, day: date) -> dict[str, Any]:
    """Ada's row after a run on the day."""
    model.evaluate_all(day)
    return model.row("ada", day)


def give_each(model: Model, counts: dict[str, int], day: date) -> None:
    """So many approved contributions of each type, in one file."""
    keys = [key for key, count in counts.items() for _ in range(count)]
    already = len(model.contributions)
    model.import_rows(
        [Contribution(f"c{already + n}", "ada", key, day, {}) for n, key in enumerate(keys)], approve=True
    )
