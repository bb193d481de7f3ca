"""Random stories of one programme: members, what happens to them day by day, and runs in between.

A step names what it acts on by a number only; `resolve` turns it into a verb of the model with real handles and ids, by
the state that the model is in, so that the same verb can then be done to the product. A step that finds nothing to act
on resolves to None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from . import points
from .machine import Model
from .points import Book, Contribution
from .strategies import books, next_books, shapes

Draw = Callable[..., Any]
Thing = TypeVar("Thing")
Act = tuple[str, dict[str, Any]]
"""A method of Model and its keyword arguments."""

HANDLES = ["ada", "ben", "cleo"]
VERBS = [
    *["rows"] * 9 + ["wait"] * 9 + ["approve"] * 2 + ["edit"] * 3,
    *[
        "reject",
        "withdraw",
        "reverse",
        "reverse",
        "override",
        "override",
        "take_back_override",
        "adjust",
        "move",
        "rerow",
        "rerow",
    ],
    *["status", "status", "come_back", "lock", "unlock", "place", "import_tier", "apply", "apply"],
    *["accept"] * 3 + ["decline"] * 3,
]
VALUES: dict[str, Sequence[Any]] = {
    "size": [1, 2, 3, 5, 6, 12, 0, -3],
    "hours": [Decimal("0.5"), Decimal(1), Decimal("1.25"), Decimal("2.999"), Decimal(0)],
    "kind": ["x", "y", "z"],
    "fresh": [True, False],
    "held_on": [date(2024, 2, 28), date(2024, 2, 29), date(2024, 7, 1)],
    "note": ["a note", "b", "c"],
}


@dataclass(frozen=True)
class Content:
    """What a row or an edit would say, before it is known of which type and member."""

    who: int
    type: int
    days_ago: int
    fields: dict[str, Any]
    language: str | None
    has_url: bool


@dataclass(frozen=True)
class Step:
    """One thing that happens on a day; `pick` chooses what it happens to."""

    day: date
    verb: str
    pick: int
    contents: tuple[Content, ...] = ()
    number: int = 0
    flag: bool = False


@dataclass(frozen=True)
class Story:
    """A first book and later ones in the order in which they are applied, members with their days, and the steps."""

    books: tuple[Book, ...]
    members: dict[str, date]
    steps: tuple[Step, ...]


@st.composite
def stories(draw: Draw, most_steps: int = 30, timezone: str = "UTC") -> Story:
    """A story of up to two years around 29 February 2024; it ends with a run."""
    of = draw(shapes())
    versions = [draw(books(of, timezone=timezone))]
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        versions.append(draw(next_books(versions[-1], of)))
    day = draw(st.sampled_from([date(2023, 11, 20), date(2024, 2, 27), date(2024, 6, 28), date(2023, 6, 1)]))
    members = {handle: day - timedelta(days=draw(st.sampled_from([0, 40, 400, -10]))) for handle in HANDLES}
    steps: list[Step] = []
    for _ in range(draw(st.sampled_from([most_steps // 4, most_steps // 2, most_steps]))):
        steps += draw(_steps(day))
        day = steps[-1].day
    last = Step(day + timedelta(days=1), "run", 0)
    return Story(tuple(versions), members, (*steps, last))


@st.composite
def _steps(draw: Draw, after: date) -> list[Step]:
    """One thing, half the time with a run after it; or time that passes with a few runs and perhaps an answer after."""
    gap = timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 1, 2, 5, 19, 20, 31, 61, 92])))
    verb = draw(st.sampled_from(VERBS))
    pick = draw(st.integers(0, 11))
    if verb == "wait":
        runs = [Step(after + gap * number, "run", 0) for number in range(1, 2 + pick % 4)]
        answer = draw(st.sampled_from(["accept", "decline", None]))
        return [*runs, Step(runs[-1].day, answer, pick)] if answer else runs
    several = draw(st.integers(1, 4)) if verb == "rows" else 1
    contents = tuple(draw(_contents()) for _ in range(several)) if verb in ("rows", "rerow", "edit") else ()
    number = draw(st.sampled_from([0, 1, 3, 5, 10, 25, -5, 40]))
    step = Step(after + gap, verb, pick, contents, number, draw(st.booleans()))
    return [step, Step(step.day, "run", 0)] if draw(st.booleans()) else [step]


@st.composite
def _contents(draw: Draw) -> Content:
    fields = {key: draw(st.sampled_from([None, *values])) for key, values in VALUES.items()}
    days_ago = draw(st.sampled_from([0, 0, 0, 1, 1, 3, 30, 70]))
    language = draw(st.sampled_from([None, "fr", "en", "de"]))
    return Content(draw(st.integers(0, 2)), draw(st.integers(0, 3)), days_ago, fields, language, draw(st.booleans()))


def begin(story: Story) -> Model:
    """The model with the first book and the members."""
    model = Model()
    model.apply(story.books[0])
    for handle, joined_on in story.members.items():
        model.add(handle, joined_on)
    return model


def acts(story: Story, model: Model) -> Iterator[Act]:
    """What the steps come to, one after the other; whoever iterates performs each on the model before the next."""
    return (act for _day, act in acts_by_day(story, model))


def acts_by_day(story: Story, model: Model) -> Iterator[tuple[date, Act]]:
    """The same, each with the day on which it happens."""
    for step in story.steps:
        if act := resolve(story, model, step):
            yield step.day, act


def perform(model: Model, act: Act) -> None:
    """Do it to the model."""
    verb, arguments = act
    getattr(model, verb)(**arguments)


def resolve(story: Story, model: Model, step: Step) -> Act | None:
    """The verb with its arguments in the state that the model is in, None where there is nothing to act on."""
    if step.verb in ("rows", "rerow"):
        return _rows(model, step)
    if step.verb == "run":
        return "evaluate_all", {"day": step.day}
    if step.verb == "apply":
        later = story.books[model.version :]
        return ("apply", {"book": later[0], "retroactive": step.flag}) if later else None
    if step.verb in ("approve", "reject", "withdraw", "reverse", "edit", "move", "override", "take_back_override"):
        return _of_contribution(model, step)
    if step.verb in ("accept", "decline"):
        waiting = [handle for handle in sorted(model.members) if model.standings[handle].proposal]
        return (step.verb, {"handle": _nth(waiting, step.pick), "day": _day_by_hand(model, step)}) if waiting else None
    return _of_member(model, step)


def _of_contribution(model: Model, step: Step) -> Act | None:
    submitted = {verb: ["submitted"] for verb in ("approve", "reject", "withdraw")}
    states = {**submitted, "edit": ["submitted", "approved"]}
    there = [each for each in model.contributions.values() if each.state in states.get(step.verb, ["approved"])]
    if step.verb == "take_back_override":
        there = [each for each in there if each.override]
    if not there:
        return None
    chosen = _nth(there, step.pick)
    if step.verb in (*submitted, "reverse"):
        return step.verb, {"ids": [each.id for each in there] if step.flag else [chosen.id]}
    if step.verb == "override":
        return "override", {"id_": chosen.id, "worth": step.number, "past_caps": step.flag}
    if step.verb == "take_back_override":
        return "take_back_override", {"id_": chosen.id}
    if step.verb == "move":
        return "edit", {"id_": chosen.id, "member": _nth(sorted(model.members), step.pick + step.number)}
    return "edit", {"id_": chosen.id, **_changes(model, chosen, step)}


def _changes(model: Model, present: Contribution, step: Step) -> dict[str, Any]:
    """One or two things of the contribution said otherwise."""
    content = step.contents[0]
    type_ = _type_named(model, present.type)
    fields = {"fields": _fields(type_, content), "has_url": content.has_url}
    other = _nth(model.book["contribution_types"], content.type)
    return _nth(
        [
            fields,
            {"day": step.day - timedelta(days=content.days_ago)},
            {"language": content.language, "title": "Another title"},
            {"type": other["key"], "fields": _fields(other, content)},
        ],
        step.pick,
    )


def _rows(model: Model, step: Step) -> Act | None:
    """New rows, or one again, as it was or changed."""
    if step.verb == "rows":
        new = [_row(model, step, content, place) for place, content in enumerate(step.contents)]
        return "import_rows", {"rows": new, "approve": step.flag or step.pick % 2 == 0}
    in_force = {each["key"] for each in model.book["contribution_types"]}
    there = [each for each in model.contributions.values() if each.type in in_force]
    if not there:
        return None
    again = _nth(there, step.pick)
    if step.number in (0, 1):
        return "import_rows", {"rows": [_fresh(again)], "approve": step.flag}
    changed = replace(_row(model, step, step.contents[0], 0), id=again.id)
    return "import_rows", {"rows": [changed], "approve": step.flag}


def _row(model: Model, step: Step, content: Content, place: int) -> Contribution:
    type_ = _nth(model.book["contribution_types"], content.type)
    return Contribution(
        id=f"c{len(model.contributions) + place + 1}",
        member=_nth(sorted(model.members), content.who),
        type=type_["key"],
        day=step.day - timedelta(days=content.days_ago),
        fields=_fields(type_, content),
        language=content.language,
        has_url=content.has_url,
    )


def _fresh(again: Contribution) -> Contribution:
    """A row that says the same, with nothing of what became of it."""
    names = ("id", "member", "type", "day", "fields", "language", "has_url", "title")
    return Contribution(**{name: getattr(again, name) for name in names})


def _fields(type_: dict[str, Any], content: Content) -> dict[str, Any]:
    keys = [each["key"] for each in type_["fields"]]
    return {key: content.fields[key] for key in keys if content.fields[key] is not None}


def _type_named(model: Model, key: str) -> dict[str, Any]:
    """The type in the newest version that has it."""
    found = [points.type_of(book, key) for _, book in sorted(model.versions.items())]
    return [type_ for type_ in found if type_][-1]


def _of_member(model: Model, step: Step) -> Act | None:
    handle = _nth(sorted(model.members), step.pick)
    return_on = step.day + timedelta(days=abs(step.number) + 1)
    keys: list[str | None] = [each["key"] for each in model.book["tiers"]]
    match step.verb:
        case "adjust":
            return "adjust", {"handle": handle, "worth": step.number or 2, "day": step.day - timedelta(days=step.pick)}
        case "status" if step.flag:
            return "set_status", {"handle": handle, "status": "on_leave", "today": step.day, "return_on": return_on}
        case "status":
            status = _nth(["active", "alumni", "left", "removed"], step.pick // 3)
            return "set_status", {"handle": handle, "status": status, "today": step.day}
        case "come_back":
            gone = [each.handle for each in model.members.values() if each.status != "active"]
            return ("set_status", {"handle": gone[0], "status": "active", "today": step.day}) if gone else None
        case "lock":
            on_a_tier = [each for each in sorted(model.members) if model.standings[each].tier]
            handle = _nth(on_a_tier, step.pick) if on_a_tier else handle
            until = return_on if step.flag else None
            return "lock", {"handle": handle, "until": until, "day": model.last_run or step.day}
        case "unlock":
            return "unlock", {"handle": handle, "day": model.last_run or step.day}
        case "place":
            others = [each for each in [None, *keys] if each != model.standings[handle].tier]
            by_hand = {"handle": handle, "day": _day_by_hand(model, step)}
            return ("place", {**by_hand, "tier": _nth(others, step.number)}) if others else None
        case "import_tier":
            since = step.day - timedelta(days=step.pick * 7)
            others = [each for each in keys if each != model.standings[handle].tier]
            return ("import_tier", {"handle": handle, "tier": others[0], "since": since}) if others else None
    raise AssertionError(step.verb)


def _day_by_hand(model: Model, step: Step) -> date:
    """Decisions by hand are of the day of the last run, or of a later one that is asked for."""
    return step.day if step.flag or model.last_run is None else model.last_run


def _nth(things: Sequence[Thing], number: int) -> Thing:
    return things[number % len(things)]
