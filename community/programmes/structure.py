"""The structure of a book: its parts one by one, every error with its path, and as much of a book as can be had.

The models say what is accepted; here their errors become findings. Where some parts are broken the rest is still read,
so that the checks between parts can go on and all errors come at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from community.programmes.book import Book
from community.programmes.document import Document, Finding, Path, described
from community.programmes.part import OUR_ERRORS, suggestion

STAND_IN: Final[dict[str, Any]] = {
    "format": 1,
    "programme": {"slug": "stand-in", "name": "Stand-in", "timezone": "UTC", "locale": "en"},
    "contribution_types": [{"key": "stand-in", "name": "Stand-in"}],
}
"""What takes the place of a broken top part while the rest is checked."""
MOST_ERRORS: Final = 1_000
"""With so many errors nobody needs the checks between parts, too."""
MOST_ROUNDS: Final = 20
"""So often broken parts are left out and the rest is read again; each round reaches one part further out."""
_QUOTED: Final = re.compile(r"'([^']*)'")
_MARKED: Final = re.compile(r"<[a-z_]+>")
"""The marks of alternatives, which pydantic puts into its locations."""


class LeftOut:
    """The paths of a file that were left out to read the rest, and what that does to the places in its lists."""

    def __init__(self, document: Document, paths: Iterable[Path]) -> None:
        self.document = document
        self.paths = frozenset(paths)
        self._around = {path[:length] for path in self.paths for length in range(len(path) + 1)}
        self._places: dict[Path, list[int]] = {}

    def below(self, path: Path) -> bool:
        """Whether something at or below that path of the file was left out."""
        return path in self._around

    def above(self, path: Path) -> bool:
        """Whether that path, or a part around it, was left out."""
        return any(path[:length] in self.paths for length in range(len(path) + 1))

    def in_file(self, path: Path) -> Path:
        """The path in the file of a path in what is left."""
        found: Path = ()
        for step in path:
            if isinstance(step, int) and found in self._around:
                places = self._left(found)
                step = places[step] if step < len(places) else step
            found = (*found, step)
        return found

    def _left(self, path: Path) -> list[int]:
        if path not in self._places:
            items = self.document.at(path)
            length = len(items) if isinstance(items, list) else 0
            self._places[path] = [index for index in range(length) if (*path, index) not in self.paths]
        return self._places[path]


@dataclass(frozen=True, slots=True)
class Readable:
    """What could be read of a book, and what of the file was left out of it."""

    book: Book
    document: Document
    left_out: LeftOut

    def path(self, path: Path) -> Path:
        """The path in the file of a path in `book`, whose lists may lack broken items."""
        return self.left_out.in_file(path)

    def is_whole(self, path: Path) -> bool:
        """Whether nothing at or below that path of the file was left out."""
        return not self.left_out.below(path)


def read_structure(document: Document) -> tuple[Readable, list[Finding]]:
    """The book, or what is left of it, and what is wrong with its parts."""
    left_out = LeftOut(document, document.blank)
    findings: list[Finding] | None = None
    rounds = 0
    while True:
        rounds += 1
        try:
            book = Book.model_validate(_without(document.value, left_out))
        except ValidationError as error:
            errors = error.errors(include_url=False)[:MOST_ERRORS]
            if findings is None:
                findings = [one for one in (_finding(each, left_out) for each in errors) if one]
            more = {_to_remove(each, left_out) for each in errors}
            hopeless = len(errors) == MOST_ERRORS or more <= left_out.paths or rounds == MOST_ROUNDS
            left_out = LeftOut(document, left_out.paths | more | ({()} if hopeless else set()))
        else:
            return Readable(book, document, left_out), findings or []


def _without(value: Any, left_out: LeftOut) -> Any:
    """The values without those left out, a stand-in for each top part that a book must have."""
    if () in left_out.paths or not isinstance(value, Mapping):
        return STAND_IN if left_out.paths else value
    stand_ins = {key: one for key, one in STAND_IN.items() if (key,) in left_out.paths}
    return {**_pruned(value, (), left_out), **stand_ins}


def _pruned(value: Any, path: Path, left_out: LeftOut) -> Any:
    if not left_out.below(path):
        return value
    if isinstance(value, Mapping):
        return {
            key: _pruned(one, (*path, key), left_out)
            for key, one in value.items()
            if (*path, key) not in left_out.paths
        }
    if isinstance(value, list):
        return [
            _pruned(one, (*path, index), left_out)
            for index, one in enumerate(value)
            if (*path, index) not in left_out.paths
        ]
    return value


def _location(error: Mapping[str, Any], left_out: LeftOut) -> Path:
    steps = tuple(step for step in error["loc"] if not (isinstance(step, str) and _MARKED.fullmatch(step)))
    return left_out.in_file(steps)


def _to_remove(error: Mapping[str, Any], left_out: LeftOut) -> Path:
    """What has to go so that the rest can be read: the wrong value, or the part that lacks one."""
    path = _location(error, left_out)
    if error["type"] == "missing" and len(path) > 1:
        return path[:-1]
    return path


def _finding(error: Mapping[str, Any], blank: LeftOut) -> Finding | None:
    """The error in our words; None where the YAML finding on the same value says it already."""
    kind = error["type"]
    path = _location(error, blank)
    if blank.above(path) or (kind != "missing" and blank.below(path)):
        return None
    value = error["input"] if kind in ("keys", "missing") else blank.document.at(path)
    found, accepted = _words(kind, path, value, error)
    return Finding(path, found, accepted)


def _words(kind: str, path: Path, value: Any, error: Mapping[str, Any]) -> tuple[str, str]:
    context = error.get("ctx") or {}
    if kind == "unknown_key":
        return f"the key `{path[-1]}`", error["msg"]
    if kind == "keys":
        return " and ".join(f"`{key}`" for key in value) or "none of them", error["msg"]
    if kind in OUR_ERRORS:
        return described(value) + _quote_hint(value, error["msg"]), error["msg"]
    if kind == "missing":
        return f"no `{path[-1]}`", f"`{path[-1]}`, which must be given"
    if kind == "literal_error":
        return described(value), _choices(str(context["expected"]), value)
    if kind == "too_long":
        return described(value), f"at most {context['max_length']} of them"
    if kind == "too_short":
        return described(value), f"a list of at least {context['min_length']}"
    if kind in ("tuple_type", "list_type"):
        return described(value), "a list"
    return described(value), error["msg"]


def _quote_hint(value: Any, accepted: str) -> str:
    """A number or boolean where a text is wanted is most often one that lacks its quotes."""
    wants_text = accepted.startswith(("a key", "a text", "2 to 40"))
    return " (in quotes it would be a text)" if wants_text and not isinstance(value, str | Mapping | list) else ""


def _choices(expected: str, value: Any) -> str:
    """`'day', 'week' or 'month'` without its quotes, with the nearest one where something near was found."""
    known = _QUOTED.findall(expected)
    hint = suggestion(value, known) if isinstance(value, str) else ""
    return f"{_QUOTED.sub(lambda match: match[1], expected)}{hint}"
