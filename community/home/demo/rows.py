"""The two files of the demonstration, as rows of text in the columns that an import takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from random import Random

from community.home.demo.deeds import SPOKEN_TYPES, Deed, deeds
from community.home.demo.fields import fields
from community.home.demo.people import Person, first_day, people, stream
from community.home.demo.vocabulary import Language, draw, titles, towns

MEMBER_COLUMNS = (
    "handle", "name", "email", "country", "joined_on", "status", "return_on", "left_on", "on_boards", "tier",
    "tier_since", "locked", "organisation", "town",
)  # fmt: skip
CONTRIBUTION_COLUMNS = (
    "id", "handle", "type", "title", "url", "occurred_on", "language", "description",
    "attendees", "setting", "event", "views", "accepted", "minutes", "hours", "difficulty", "size",
)  # fmt: skip
VERSIONS = ("2.3", "2.4", "2.5", "3.0", "3.1", "3.2")
DESCRIBED = {"talk": 0.45, "workshop": 0.5, "post": 0.25, "video": 0.3, "code": 0.03, "answer": 0.0}

_WORD = re.compile(r"[a-z0-9]+")


def members(seed: int, today: date) -> Iterator[dict[str, str]]:
    """The members' file, in the order in which people joined; an empty text where there is nothing to say."""
    for person in people(seed, today):
        yield {
            "handle": person.handle,
            "name": person.name,
            "email": f"{person.handle}@example.org",
            "country": person.country,
            "joined_on": person.joined_on.isoformat(),
            "status": person.status,
            "return_on": _text(person.return_on),
            "left_on": _text(person.left_on),
            "on_boards": "yes" if person.on_boards else "no",
            "tier": person.tier or "",
            "tier_since": _text(person.tier_since),
            "locked": person.locked,
            "organisation": person.organisation,
            "town": person.town,
        }


def contributions(seed: int, today: date) -> Iterator[dict[str, str]]:
    """The contributions' file, in the order of days; ids are numbered by person and stay the same between calls."""
    told = [row for person in people(seed, today) for row in _of_person(seed, person, today)]
    told.sort(key=lambda row: (row["occurred_on"], row["id"]))
    yield from told


def _of_person(seed: int, person: Person, today: date) -> Iterator[dict[str, str]]:
    chance = stream(seed, f"words {person.number}")
    told: set[str] = set()
    for number, deed in enumerate(deeds(seed, person), 1):
        row = dict.fromkeys(CONTRIBUTION_COLUMNS, "")
        language = _language(deed, chance)
        values = fields(deed.type, person.renown, chance)
        given = _given(deed, language, today, chance) | values
        if deed.type == "talk":
            values["event"] = given["event"]
        title = _title(deed, language, given, told, chance)
        row |= values
        row |= {
            "id": f"{deed.type}-{person.number:04}-{number:03}",
            "handle": person.handle,
            "type": deed.type,
            "title": title,
            "url": _url(deed, title, f"{person.number:04}{number:03}", chance),
            "occurred_on": deed.day.isoformat(),
            "language": language,
            "description": _description(deed, language, given, chance),
        }
        yield row


def _language(deed: Deed, chance: Random) -> Language:
    """What the person speaks; code is mostly talked about in English."""
    french = deed.person.french * (0.4 if deed.type == "code" else 1)
    return "fr" if chance.random() < french else "en"


def _given(deed: Deed, language: Language, today: date, chance: Random) -> dict[str, str]:
    """The words that follow from the contribution itself: the product's version; a meeting's town, year, name."""
    given = {"version": _version(deed.day, today)}
    if deed.type not in SPOKEN_TYPES:
        return given
    country = deed.person.country
    town = deed.person.town if chance.random() < 0.5 else chance.choice(towns()[country])
    given |= {"city": town, "year": str(deed.day.year)}
    return given | {"event": draw(titles(language), "event", given, chance)}


def _version(day: date, today: date) -> str:
    """A new version of the product every half year or so."""
    start = first_day(today)
    return VERSIONS[len(VERSIONS) * (day - start).days // ((today - start).days + 1)]


def _title(deed: Deed, language: Language, given: Mapping[str, str], told: set[str], chance: Random) -> str:
    """A title that this person has not used yet, if three tries find one."""
    for _ in range(3):
        title = draw(titles(language), deed.type, given, chance)
        title = title[0].upper() + title[1:] if deed.type != "code" else title
        if title not in told:
            break
    told.add(title)
    return title


def _description(deed: Deed, language: Language, given: Mapping[str, str], chance: Random) -> str:
    if chance.random() >= DESCRIBED[deed.type]:
        return ""
    return draw(titles(language), "spoken" if deed.type in SPOKEN_TYPES else "written", given, chance)


def _url(deed: Deed, title: str, number: str, chance: Random) -> str:
    """An address on a domain that is set aside for examples; some answers have none."""
    slug = _slug(title)
    match deed.type:
        case "answer":
            return f"https://forum.example.org/t/{slug}/{number}" if chance.random() < 0.9 else ""
        case "code":
            return f"https://code.example.org/boreal/pull/{number}"
        case "video":
            return f"https://video.example.net/watch/{slug}-{number}"
        case "post" if chance.random() < 0.6:
            return f"https://blog.example.net/{deed.person.handle}/{deed.day:%Y/%m}/{slug}"
        case "post":
            return f"https://example.com/~{deed.person.handle}/{slug}.html"
        case _:
            return f"https://events.example.com/{deed.day.year}/{slug}-{number}"


def _slug(title: str) -> str:
    """A title as part of an address: its first eight words in lower-case ASCII, with hyphens."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return "-".join(_WORD.findall(plain)[:8])


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
