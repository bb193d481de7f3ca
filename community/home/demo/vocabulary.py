"""The words and habits of the demonstration, from the files in `vocabulary/`, and how a sentence is drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

Language = Literal["en", "fr"]
Phrases = Mapping[str, tuple[str, ...]]

_SLOT = re.compile(r"\{(\w+)\}")


class Origin(BaseModel):
    """Where people come from: how often, in which countries (weights), how often they speak French, their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    weight: float
    french: float
    countries: dict[str, float]
    given: tuple[str, ...]
    family: tuple[str, ...]


class Habit(BaseModel):
    """How people take part: `pace` is the median of contributions a month, `spread` the sigma of its lognormal.

    `share` is the part of all people, `months` the mean time until they fall silent, `mix` the weights of the types.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    share: float
    pace: float
    spread: float
    months: float
    mix: dict[str, float]


@cache
def origins() -> tuple[Origin, ...]:
    """All origins, in the order of the file."""
    return TypeAdapter(tuple[Origin, ...]).validate_python(_document("people.yaml"))


@cache
def habits() -> tuple[Habit, ...]:
    """All habits, in the order of the file."""
    return TypeAdapter(tuple[Habit, ...]).validate_python(_document("habits.yaml"))


@cache
def organisations() -> tuple[str, ...]:
    """Where people work."""
    return TypeAdapter(tuple[str, ...]).validate_python(_document("organisations.yaml"))


@cache
def towns() -> Phrases:
    """The towns of each country that an origin names."""
    return TypeAdapter(dict[str, tuple[str, ...]]).validate_python(_document("places.yaml"))


@cache
def titles(language: Language) -> Phrases:
    """The templates and word lists of a language."""
    return TypeAdapter(dict[str, tuple[str, ...]]).validate_python(_document(f"titles.{language}.yaml"))


def draw(phrases: Phrases, template: str, given: Mapping[str, str], stream: Random) -> str:
    """One sentence from a list of templates, each slot filled from what is `given`, else drawn from its list.

    A slot that begins with a capital gives its word a capital; no word is drawn twice for one sentence.
    """
    used: set[str] = set()

    def fill(slot: re.Match[str]) -> str:
        name = slot.group(1)
        key = name.lower()
        word = given.get(key) or _unused(phrases[key], used, stream)
        return word[0].upper() + word[1:] if name != key else word

    return _SLOT.sub(fill, stream.choice(phrases[template]))


def _unused(words: tuple[str, ...], used: set[str], stream: Random) -> str:
    word = stream.choice(words)
    while word in used:
        word = stream.choice(words)
    used.add(word)
    return word


def _document(name: str) -> Any:
    return yaml.safe_load(files(__package__).joinpath("vocabulary", name).read_text(encoding="utf-8"))
