"""Languages and countries that a book names, in the form that those of contributions have (rulebook, section 1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from community.kit.languages import normalise_language
from community.kit.places import normalise_country
from community.programmes.document import Document, Path, path_text
from community.programmes.scalars import LANGUAGE

_TEXTS: Final = ("name", "description", "text")
_Normalise = Callable[[str], tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class BookWarning:
    """A book that is valid but suspicious: where, and why."""

    path: str
    line: int | None
    text: str

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        return f"{place}{self.path}: {self.text}"


def normalise(document: Document) -> list[BookWarning]:
    """Brings the languages and countries of the document to their short forms, with a warning for each changed."""
    if not isinstance(document.value, dict):
        return []
    return list(_Normaliser(document).run())


class _Normaliser:
    """Goes over the raw values, which may be anything: the structure is checked later."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def run(self) -> Iterator[BookWarning]:
        book = self.document.value
        programme = book.get("programme")
        if isinstance(programme, dict) and _is_language(programme.get("locale")):
            yield from self._replace(programme, "locale", ("programme",), normalise_language, "language")
        yield from self._texts(book, ())
        for index, one in _items(book.get("contribution_types")):
            countries = {field.get("key") for _, field in _items(one.get("fields")) if field.get("type") == "country"}
            yield from self._conditions(one.get("points"), ("contribution_types", index, "points"), countries)
        for index, board in _items(book.get("leaderboards")):
            only = board.get("only")
            if isinstance(only, dict):
                path: Path = ("leaderboards", index, "only", "countries")
                yield from self._list(only.get("countries"), path, normalise_country, "country")

    def _texts(self, value: Any, path: Path) -> Iterator[BookWarning]:
        """The languages of every text that is a map by language."""
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield from self._texts(one, (*path, index))
        elif isinstance(value, dict):
            for key, one in value.items():
                if key in _TEXTS and isinstance(one, dict):
                    yield from self._languages(one, (*path, key))
                else:
                    yield from self._texts(one, (*path, key))

    def _languages(self, text: dict[str, Any], path: Path) -> Iterator[BookWarning]:
        for key in [key for key in text if _is_language(key)]:
            normal, known = normalise_language(key)
            if not known or (normal != key and normal in text):
                yield self._warning((*path, key), f"the language {key} is not known, or named twice; kept as it stands")
            elif normal != key:
                text[normal] = text.pop(key)
                yield self._warning((*path, key), f"the language {key} is taken as {normal}")

    def _conditions(self, value: Any, path: Path, countries: set[Any]) -> Iterator[BookWarning]:
        """The values of every condition on a language or country below that value."""
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield from self._conditions(one, (*path, index), countries)
            return
        if not isinstance(value, dict):
            return
        named = value.get("field")
        if named == "language" or (isinstance(named, str) and named in countries):
            normal: _Normalise = normalise_language if named == "language" else normalise_country
            what = "language" if named == "language" else "country"
            if isinstance(value.get("is"), str):
                yield from self._replace(value, "is", path, normal, what)
            yield from self._list(value.get("in"), (*path, "in"), normal, what)
            return
        for key, one in value.items():
            yield from self._conditions(one, (*path, key), countries)

    def _list(self, values: Any, path: Path, normal: _Normalise, what: str) -> Iterator[BookWarning]:
        if isinstance(values, list):
            for index, value in enumerate(values):
                if isinstance(value, str):
                    yield from self._replace(values, index, path, normal, what)

    def _replace(self, holder: Any, key: str | int, path: Path, normal: _Normalise, what: str) -> Iterator[BookWarning]:
        found = holder[key]
        value, known = normal(found)
        if not known:
            yield self._warning((*path, key), f"the {what} {found!r} is not known; kept as it stands")
        elif value != found:
            holder[key] = value
            yield self._warning((*path, key), f"the {what} {found!r} is taken as {value}")

    def _warning(self, path: Path, text: str) -> BookWarning:
        return BookWarning(path_text(path), self.document.line(path), text)


def _items(values: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    for index, one in enumerate(values if isinstance(values, list) else ()):
        if isinstance(one, dict):
            yield index, one


def _is_language(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch(LANGUAGE, text) is not None
