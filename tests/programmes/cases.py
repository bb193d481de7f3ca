"""Books for tests: a small one that is right, and changes to it, each right or wrong in one place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import yaml

SMALL: dict[str, Any] = {
    "format": 1,
    "programme": {"slug": "small", "name": "Small", "timezone": "Europe/Paris", "locale": "fr"},
    "contribution_types": [
        {
            "key": "talk",
            "name": {"en": "Talk", "fr": "Conférence"},
            "fields": [
                {"key": "attendees", "name": "Attendees", "type": "integer", "min": 1, "reach": True},
                {"key": "setting", "name": "Setting", "type": "choice", "choices": ["virtual", {"key": "hybrid"}]},
                {"key": "hours", "name": "Hours", "type": "decimal", "max": 12.5},
                {"key": "day", "name": "Day", "type": "date", "min": "2020-01-31"},
                {"key": "place", "name": "Place", "type": "country"},
                {"key": "note", "name": "Note", "type": "text", "max": 100},
                {"key": "paid", "name": "Paid", "type": "boolean"},
            ],
            "points": {
                "base": 20,
                "bonuses": [
                    {"when": {"field": "setting", "is": "hybrid"}, "points": 5},
                    {"per": "attendees", "every": 50, "points": 2, "at_most": 20},
                ],
                "factors": [{"when": {"field": "language", "is": "fr"}, "times": 1.5}],
            },
        },
        {"key": "post", "name": "Post", "points": {"base": 5}},
    ],
    "caps": [
        {"points": 50, "per": "month", "types": ["post"]},
        {"contributions": 3, "per": "week", "except": ["talk"]},
    ],
    "tiers": [
        {"key": "first", "name": "First", "gain": {"metric": "points", "min": 60, "window": "365d"}},
        {
            "key": "second",
            "name": "Second",
            "gain": {
                "all": [
                    {"metric": "points", "min": 200},
                    {"metric": "contributions", "types": ["talk"], "min": 2, "max": 900, "window": "12mo"},
                    {"metric": "field", "field": "hours", "min": 1.5},
                    {"metric": "held", "min": 30},
                    {"at_least": {"count": 1, "of": [{"metric": "tenure", "min": 10}, {"metric": "reach", "min": 1}]}},
                    {"none": [{"metric": "active_days", "max": 0}]},
                ]
            },
            "keep": {"share": 0.5},
            "demotion": "cycle_end",
            "grace_days": 10,
        },
        {"key": "third", "name": "Third", "promotion": "manual", "keep": {"metric": "best_month", "min": 5}},
    ],
    "leaderboards": [
        {"key": "all", "name": "All", "metric": "points", "only": {"tiers": ["second"], "countries": ["FR"]}}
    ],
    "rewards": [
        {
            "key": "kit",
            "name": "Kit",
            "kind": "item",
            "grant": {"on": "tier", "tier": "first"},
            "asks": ["address", {"key": "size", "choices": ["S", "M"]}],
        },
        {
            "key": "bonus",
            "name": "Bonus",
            "kind": "points",
            "points": 25,
            "grant": {"on": "anniversary"},
            "once": "always",
        },
        {
            "key": "ten",
            "name": "Ten",
            "kind": "badge",
            "grant": {"on": "contributions", "count": 10, "types": ["talk"]},
        },
        {"key": "hundred", "name": "Hundred", "kind": "badge", "grant": {"on": "total", "points": 100}},
    ],
}

Step = str | int
Change = tuple[Sequence[Step], Any]
GONE = object()
"""In place of a value: take the key away."""


def changed(*changes: Change) -> dict[str, Any]:
    """The small book with values set (or taken away) at paths; `-1` stands for one more item of a list."""
    book = copy.deepcopy(SMALL)
    for path, value in changes:
        holder: Any = book
        for step in path[:-1]:
            holder = holder[step]
        last = path[-1]
        if value is GONE:
            del holder[last]
        elif last == -1:
            holder.append(value)
        else:
            holder[last] = value
    return book


def text_of(book: Any) -> str:
    """The book as YAML without anchors."""
    return yaml.dump(book, Dumper=_Plain, allow_unicode=True, sort_keys=False)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def combinations_around(leaf: Any, depth: int) -> Any:
    """A leaf inside so many combinations."""
    wrap: Callable[[Any], Any]
    for index in range(depth):
        wrap = (lambda one: {"all": [one]}) if index % 2 else (lambda one: {"any": [one]})
        leaf = wrap(leaf)
    return leaf


TALK = ("contribution_types", 0)
FIELDS = (*TALK, "fields")
POINTS = (*TALK, "points")
GAIN = ("tiers", 0, "gain")
LEAF = {"metric": "points", "min": 1}

STRUCTURAL: tuple[tuple[str, Change], ...] = (
    ("capps", (("capps",), [])),
    ("format", (("format",), 2)),
    ("format", (("format",), True)),
    ("format", (("format",), GONE)),
    ("programme", (("programme",), GONE)),
    ("contribution_types", (("contribution_types",), [])),
    ("contribution_types", (("contribution_types",), {"talk": {}})),
    ("programme.slug", (("programme", "slug"), "A b")),
    ("programme.slug", (("programme", "slug"), "a")),
    ("programme.slug", (("programme", "slug"), "a" * 41)),
    ("programme.timezone", (("programme", "timezone"), GONE)),
    ("programme.locale", (("programme", "locale"), "fr_FR")),
    ("programme.ladder", (("programme", "ladder"), "lowest")),
    ("programme.cycle.starts", (("programme", "cycle"), {"starts": "02-29"})),
    ("programme.cycle.months", (("programme", "cycle"), {"months": 5})),
    ("programme.cycle.months", (("programme", "cycle"), {"months": True})),
    ("programme.currency", (("programme", "currency"), "euro")),
    ("programme.budget", (("programme", "budget"), -1)),
    ("contribution_types[0].key", ((*TALK, "key"), "Talk")),
    ("contribution_types[0].key", ((*TALK, "key"), 7)),
    ("contribution_types[0].name", ((*TALK, "name"), GONE)),
    ("contribution_types[0].name", ((*TALK, "name"), {})),
    ("contribution_types[0].name", ((*TALK, "name"), {"English": "Talk"})),
    ("contribution_types[0].name", ((*TALK, "name"), 12)),
    ("contribution_types[0].evidence", ((*TALK, "evidence"), "yes")),
    ("contribution_types[0].review", ((*TALK, "review"), True)),
    ("contribution_types[0].fields[0].type", ((*FIELDS, 0, "type"), "number")),
    ("contribution_types[0].fields[0].required", ((*FIELDS, 0, "required"), "yes")),
    ("contribution_types[0].fields[0].min", ((*FIELDS, 0, "min"), 1.5)),
    ("contribution_types[0].fields[1].reach", ((*FIELDS, 1, "reach"), True)),
    ("contribution_types[0].fields[1].choices", ((*FIELDS, 1, "choices"), GONE)),
    ("contribution_types[0].fields[1].choices[0]", ((*FIELDS, 1, "choices", 0), 5)),
    ("contribution_types[0].fields[2].choices", ((*FIELDS, 2, "choices"), ["a"])),
    ("contribution_types[0].fields[3].min", ((*FIELDS, 3, "min"), 5)),
    ("contribution_types[0].fields[5].max", ((*FIELDS, 5, "max"), 0)),
    ("contribution_types[0].fields[5].min", ((*FIELDS, 5, "min"), 1)),
    ("contribution_types[0].fields[6].max", ((*FIELDS, 6, "max"), 1)),
    ("contribution_types[0].points.base", ((*POINTS, "base"), 1.5)),
    ("contribution_types[0].points.base", ((*POINTS, "base"), 1_000_001)),
    ("contribution_types[0].points.bonuses[0]", ((*POINTS, "bonuses", 0, "per"), "attendees")),
    ("contribution_types[0].points.bonuses[0].every", ((*POINTS, "bonuses", 0, "every"), 5)),
    ("contribution_types[0].points.bonuses[0].when", ((*POINTS, "bonuses", 0, "when"), {"field": "setting"})),
    ("contribution_types[0].points.bonuses[0].when.in", ((*POINTS, "bonuses", 0, "when"), {"field": "note", "in": []})),
    ("contribution_types[0].points.bonuses[1].every", ((*POINTS, "bonuses", 1, "every"), GONE)),
    ("contribution_types[0].points.bonuses[1].every", ((*POINTS, "bonuses", 1, "every"), 0)),
    ("contribution_types[0].points.bonuses[1].at_most", ((*POINTS, "bonuses", 1, "at_most"), -1)),
    ("contribution_types[0].points.factors[0].times", ((*POINTS, "factors", 0, "times"), 100.5)),
    ("contribution_types[0].points.factors[0].when", ((*POINTS, "factors", 0, "when"), GONE)),
    ("caps[0]", (("caps", 0, "contributions"), 1)),
    ("caps[0]", (("caps", 0, "points"), GONE)),
    ("caps[0]", (("caps", 0, "except"), ["talk"])),
    ("caps[0].per", (("caps", 0, "per"), "fortnight")),
    ("caps[0].points", (("caps", 0, "points"), -1)),
    ("caps[0].types", (("caps", 0, "types"), [])),
    ("caps", (("caps",), [{"points": 1, "per": "day"}] * 101)),
    ("tiers", (("tiers",), [{"key": f"t{i}", "name": "T", "gain": LEAF} for i in range(31)])),
    ("contribution_types", (("contribution_types",), [{"key": f"t{i}", "name": "T"} for i in range(201)])),
    ("tiers[0].gain", (("tiers", 0, "gain"), GONE)),
    ("tiers[0].gain", (GAIN, {})),
    ("tiers[0].gain", (GAIN, "points")),
    ("tiers[0].gain", ((*GAIN, "min"), GONE)),
    ("tiers[0].gain.metric", ((*GAIN, "metric"), "score")),
    ("tiers[0].gain.window", ((*GAIN, "window"), "0d")),
    ("tiers[0].gain.window", ((*GAIN, "window"), "36501d")),
    ("tiers[0].gain.window", ((*GAIN, "window"), "week")),
    ("tiers[0].gain.min", ((*GAIN, "min"), "60")),
    ("tiers[0].gain.mim", ((*GAIN, "mim"), 60)),
    ("tiers[0].gain.field", ((*GAIN, "field"), "hours")),
    ("tiers[0].gain.all", (GAIN, {"all": []})),
    ("tiers[0].gain.any", (GAIN, {"all": [LEAF], "any": [LEAF]})),
    ("tiers[1].gain.all[2].field", (("tiers", 1, "gain", "all", 2, "field"), GONE)),
    ("tiers[1].gain.all[3].window", (("tiers", 1, "gain", "all", 3, "window"), "30d")),
    ("tiers[1].gain.all[3].max", (("tiers", 1, "gain", "all", 3, "max"), 99)),
    ("tiers[1].gain.all[4].at_least.count", (("tiers", 1, "gain", "all", 4, "at_least", "count"), 0)),
    (
        "tiers[1].gain.all[4].at_least.of[0].types",
        (("tiers", 1, "gain", "all", 4, "at_least", "of", 0, "types"), ["talk"]),
    ),
    ("tiers[1].keep.share", (("tiers", 1, "keep", "share"), 0)),
    ("tiers[1].keep.share", (("tiers", 1, "keep", "share"), 1.1)),
    ("tiers[1].demotion", (("tiers", 1, "demotion"), "sometimes")),
    ("tiers[1].grace_days", (("tiers", 1, "grace_days"), 36_501)),
    ("tiers[2].keep", (("tiers", 2, "keep"), {"share": 0.5})),
    ("leaderboards[0].metric", (("leaderboards", 0, "metric"), "tenure")),
    ("leaderboards[0].ties", (("leaderboards", 0, "ties"), "shared")),
    ("leaderboards[0].only", (("leaderboards", 0, "only"), {})),
    ("rewards[0].kind", (("rewards", 0, "kind"), "gift")),
    ("rewards[0].points", (("rewards", 0, "points"), 5)),
    ("rewards[0].grant", (("rewards", 0, "grant"), {"on": "birthday"})),
    ("rewards[0].cost", (("rewards", 0, "cost"), -1)),
    ("rewards[0].price", (("rewards", 0, "price"), 0)),
    ("rewards[1].points", (("rewards", 1, "points"), GONE)),
    ("rewards[2].once", (("rewards", 2, "once"), "always")),
)
"""What the JSON Schema refuses, too: where the parser finds it, and the change."""

SEMANTIC: tuple[tuple[str, Change], ...] = (
    ("programme.timezone", (("programme", "timezone"), "Europe/Atlantis")),
    ("programme.timezone", (("programme", "timezone"), "../etc/passwd")),
    ("contribution_types[1].key", (("contribution_types", 1, "key"), "talk")),
    ("contribution_types[0].fields[1].key", ((*FIELDS, 1, "key"), "attendees")),
    ("contribution_types[0].fields[1].choices[1].key", ((*FIELDS, 1, "choices"), ["a", "a"])),
    ("contribution_types[0].fields[5].key", ((*FIELDS, 5, "key"), "occurred_on")),
    (
        "contribution_types[0].fields[7].reach",
        ((*FIELDS, -1), {"key": "x", "name": "X", "type": "integer", "reach": True}),
    ),
    ("contribution_types[0].fields[0].max", ((*FIELDS, 0, "max"), 0)),
    ("contribution_types[0].fields[0].max", ((*FIELDS, 0, "max"), 100.0)),
    ("contribution_types[0].fields[3].max", ((*FIELDS, 3, "max"), "2026-02-30")),
    ("contribution_types[0].fields[2].max", ((*FIELDS, 2, "max"), 1.2345)),
    ("contribution_types[0].points.base", ((*POINTS, "base"), 20.0)),
    ("contribution_types[0].points.bonuses[0].when.field", ((*POINTS, "bonuses", 0, "when", "field"), "seting")),
    ("contribution_types[0].points.bonuses[0].when.is", ((*POINTS, "bonuses", 0, "when", "is"), "in-person")),
    (
        "contribution_types[0].points.bonuses[0].when.in[0]",
        ((*POINTS, "bonuses", 0, "when"), {"field": "attendees", "in": ["1"]}),
    ),
    (
        "contribution_types[0].points.bonuses[0].when.min",
        ((*POINTS, "bonuses", 0, "when"), {"field": "setting", "min": 1}),
    ),
    (
        "contribution_types[0].points.bonuses[0].when.max",
        ((*POINTS, "bonuses", 0, "when"), {"field": "day", "max": 7}),
    ),
    (
        "contribution_types[0].points.bonuses[0].when.max",
        ((*POINTS, "bonuses", 0, "when"), {"field": "hours", "min": 2, "max": 1}),
    ),
    (
        "contribution_types[0].points.bonuses[0].when.is",
        ((*POINTS, "bonuses", 0, "when"), {"field": "has_url", "is": "true"}),
    ),
    (
        "contribution_types[0].points.bonuses[0].when.is",
        ((*POINTS, "bonuses", 0, "when"), {"field": "day", "is": "2026-02-30"}),
    ),
    ("contribution_types[0].points.bonuses[1].per", ((*POINTS, "bonuses", 1, "per"), "setting")),
    ("contribution_types[0].points.bonuses[1].per", ((*POINTS, "bonuses", 1, "per"), "people")),
    ("contribution_types[0].points.factors[0].times", ((*POINTS, "factors", 0, "times"), 1.2345)),
    ("caps[0].types[0]", (("caps", 0, "types", 0), "podcast")),
    ("caps[1].except[0]", (("caps", 1, "except", 0), "podcast")),
    ("tiers[1].key", (("tiers", 1, "key"), "first")),
    ("tiers[0].gain.types[0]", ((*GAIN, "types"), ["podcast"])),
    ("tiers[0].gain.max", ((*GAIN, "max"), 59)),
    ("tiers[0]", (GAIN, {"any": [LEAF] * 65})),
    ("tiers[0].keep.metric", (("tiers", 0, "keep"), {"metric": "held", "min": 5})),
    ("tiers[1].gain.all[5].none[0].metric", (("tiers", 1, "gain", "all", 5, "none", 0), {"metric": "held", "min": 1})),
    ("tiers[1].gain.all[2].field", (("tiers", 1, "gain", "all", 2, "field"), "setting")),
    ("tiers[1].gain.all[2].field", (("tiers", 1, "gain", "all", 2, "field"), "minutes")),
    ("tiers[1].gain.all[2].field", (("tiers", 1, "gain", "all", 2, "types"), ["post"])),
    ("tiers[1].gain.all[4].at_least.count", (("tiers", 1, "gain", "all", 4, "at_least", "count"), 3)),
    ("leaderboards[1].key", (("leaderboards", -1), {"key": "all", "name": "Again", "metric": "reach"})),
    ("leaderboards[0].only.tiers[0]", (("leaderboards", 0, "only", "tiers", 0), "zeroth")),
    ("leaderboards[0].types[0]", (("leaderboards", 0, "types"), ["podcast"])),
    ("rewards[3].key", (("rewards", 3, "key"), "ten")),
    ("rewards[0].grant.tier", (("rewards", 0, "grant", "tier"), "zeroth")),
    ("rewards[0].tiers[0]", (("rewards", 0, "tiers"), ["zeroth"])),
    ("rewards[0].asks[1].key", (("rewards", 0, "asks", 1, "key"), "address")),
    ("rewards[0].asks[1].choices[1]", (("rewards", 0, "asks", 1, "choices"), ["S", "S"])),
    ("rewards[2].grant.types[0]", (("rewards", 2, "grant", "types"), ["podcast"])),
)
"""What only the parser can see."""
