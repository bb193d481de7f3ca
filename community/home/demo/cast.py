"""The cast of a demonstration: what its members say of themselves, and the persons whom anybody may be."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.demo import actions
from community.home.demo.people import Person, people, stream
from community.kit.rows import insert_rows
from community.kit.text import fold
from community.members.actions import applying, bind
from community.members.actions.take_in import ids_of
from community.members.models import EXPERTISE, PROFILE
from community.members.queries import member
from community.members.rules import FIELDS
from community.people.actions import persons, roles
from community.people.forms import PersonForm
from community.people.rules import Place, Role, account_of
from community.programmes import actions as programmes
from community.programmes.queries import ProgrammeRow
from community.standings.queries import present

ACTOR = "demo"
SPEAK = 0.45
"""The part of the members who say something of themselves."""
SKILLS = (
    "Observability", "Data pipelines", "PostgreSQL", "Kubernetes", "Public speaking", "Teaching", "Accessibility",
    "Python", "Rust", "Documentation", "Security", "Streaming", "Web performance", "Machine learning",
)  # fmt: skip
BIOGRAPHIES = {
    "en": (
        "I look after data platforms in {town} and write down what broke, and why.\n\nAsk me about **{skill}**.",
        "By day I build things for people who never see them; in the evening I run a meetup in {town}.",
        "I teach **{skill}** to whoever wants to listen, most often in {town}.\n\n- talks\n- workshops\n- long answers",
    ),
    "fr": (
        "Je m’occupe de plateformes de données à {town} et j’écris ce qui a cassé, et pourquoi.",
        "J’anime une rencontre mensuelle à {town}, et j’enseigne **{skill}** à qui veut écouter.",
    ),
}
APPLICANTS = (
    ("Noor Haddad", "I answer questions about pipelines every week.\n\nhttps://forum.example.org/u/noor"),
    ("Jonas Weber", "Two talks last year, on alerting and on what it costs.\n\nhttps://events.example.com/jonas"),
)
STAFF = (("reviewer", Role.REVIEWER, "Ben Okafor"), ("manager", Role.MANAGER, "Cléo Marchand"))


async def speak(connection: AsyncConnection, programme_id: int, seed: int, today: date) -> None:
    """Nearly half of the members say something of themselves, most of them to everybody."""
    spoken = [one for one in people(seed, today) if stream(seed, f"speaks {one.number}").random() < SPEAK]
    ids = await ids_of(connection, programme_id, [fold(one.handle) for one in spoken])
    profiles: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    for person in spoken:
        member_id = ids[fold(person.handle)]
        profile, skills = _said(seed, person)
        profiles.append((programme_id, member_id, *profile))
        known += [(programme_id, fold(skill), member_id, skill, place) for place, skill in enumerate(skills)]
    columns = ("programme_id", "member_id", "biography", "languages", "links", *(f"{one}_to" for one in FIELDS))
    await insert_rows(connection, PROFILE, columns, profiles)
    await insert_rows(connection, EXPERTISE, ("programme_id", "folded", "member_id", "label", "place"), known)


def _said(seed: int, person: Person) -> tuple[tuple[Any, ...], list[str]]:
    chance = stream(seed, f"says {person.number}")
    skills = chance.sample(SKILLS, chance.randint(1, 4))
    tongue = "fr" if person.french > 0.5 else "en"
    words = chance.choice(BIOGRAPHIES[tongue]).format(town=person.town, skill=skills[0])
    links = [f"https://blog.example.net/{person.handle}"] if chance.random() < 0.6 else []
    to = "public" if chance.random() < 0.8 else "members"
    return (words, ["fr", "en"] if tongue == "fr" else ["en"], links, *(to for _field in FIELDS)), skills


async def appear(connection: AsyncConnection, programme: ProgrammeRow) -> None:
    """A member who holds a tier, one who is at risk, a reviewer and a manager: anybody may be them."""
    players: dict[str, UUID] = {}
    for part, handle in (await _leads(connection, programme)).items():
        found = await member(connection, programme.id, handle)
        players[part] = await _person(connection, handle, found.name)
        await bind(connection, programme.id, found.id, players[part])
    for part, role, name in STAFF:
        players[part] = await _person(connection, part, name)
        await roles.hold(connection, players[part], role, Place(programme_id=programme.id), ACTOR)
    await actions.name_players(connection, players)
    await programmes.set_open(connection, programme.id, True, ACTOR)
    for name, words in APPLICANTS:
        email = f"{fold(name).replace(' ', '.')}@example.org"
        await applying.apply(connection, programme.id, PersonForm(email, account_of(email), name, "en"), words)


async def _leads(connection: AsyncConnection, programme: ProgrammeRow) -> dict[str, str]:
    """The handles of the member and of the one at risk: of the middle of the ladder, the first by handle."""
    found = [one async for one in present.standings(connection, programme.id)]
    middle = programme.book.tiers[len(programme.book.tiers) // 2].key
    safe = [one for one in found if one.state.tier == middle and one.state.lost_on is None and not one.state.locked]
    risky = sorted(
        (one for one in found if one.state.lost_on is not None), key=lambda one: (one.state.lost_on, one.handle)
    )
    return {"member": safe[len(safe) // 3].handle, "at_risk": risky[len(risky) // 2].handle}


async def _person(connection: AsyncConnection, local: str, name: str) -> UUID:
    email = f"{local}@example.org"
    return await persons.create(connection, PersonForm(email, account_of(email), name, None), None, ACTOR)
