"""The fields of each type of contribution: crowds, minutes, sizes, as text for a file."""

from __future__ import annotations

import math
from random import Random


def fields(type_: str, renown: float, chance: Random) -> dict[str, str]:
    """The values of a contribution's fields, by column; `renown` multiplies the median of its crowd."""
    match type_:
        case "talk":
            setting = chance.choices(("in-person", "virtual", "hybrid"), (62, 24, 14))[0]
            return {"attendees": _crowd(45 * renown, 0.9, chance, least=5), "setting": setting}
        case "post":
            return {"views": _crowd(260 * renown, 1.1, chance) if chance.random() < 0.8 else ""}
        case "answer":
            return {"accepted": chance.choices(("yes", "no", ""), (34, 46, 20))[0]}
        case "video":
            minutes = min(120, max(4, round(math.exp(chance.gauss(math.log(17), 0.6)))))
            return {"minutes": str(minutes), "views": _crowd(240 * renown, 1.1, chance)}
        case "workshop":
            return {
                "attendees": str(chance.randint(5, 32)),
                "hours": chance.choice(("1.5", "2", "2", "3", "3", "3.5", "4", "6.5", "7")),
                "difficulty": chance.choices(("beginner", "intermediate", "advanced"), (5, 3, 2))[0],
            }
        case "code":
            return {"size": chance.choices(("small", "medium", "large"), (66, 27, 7))[0]}
    raise ValueError(f"the demonstration has no type {type_}")


def _crowd(median: float, spread: float, chance: Random, least: int = 0) -> str:
    """A head count from a lognormal with this median and sigma."""
    return str(max(least, min(60_000, round(median * math.exp(chance.gauss(0, spread))))))
