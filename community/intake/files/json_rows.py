"""Rows of a JSON Lines file: one object a line. Numbers stay the text that stands there, so decimals stay exact."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

from community.intake.files.chunks import Chunk
from community.intake.files.rows import CELL_CHARACTERS, COLUMNS, BadRow, Row, column_name
from community.kit.text import excerpt

_ACCEPTED = 'accepted: one JSON object a line, such as {"handle": "ada"}'


class JsonRows:
    """The objects; a line that is none, or that names a column twice, is a BadRow."""

    header: list[str] | None = None

    def __init__(self, pieces: Iterator[Chunk]) -> None:
        self._pieces = pieces
        self._names: dict[tuple[str, ...], list[str]] = {}
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_each_name_once, parse_float=str, parse_int=str, parse_constant=_refuse_constant
        )

    def __iter__(self) -> Iterator[Row | BadRow]:
        for piece in self._pieces:
            for number, line in enumerate(io.StringIO(piece.text, newline=""), piece.first_line):
                if not line.isspace():
                    yield self._row(number, line)

    def _row(self, number: int, line: str) -> Row | BadRow:
        try:
            found = self._decoder.decode(line)
        except (ValueError, RecursionError) as error:
            reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
            return BadRow(number, excerpt(line.strip()[:200]), f"{reason}; {_ACCEPTED}")
        if not isinstance(found, dict):
            return BadRow(number, excerpt(line.strip()[:200]), _ACCEPTED)
        if len(found) > COLUMNS:
            return BadRow(number, "", f"has {len(found)} columns; accepted: at most {COLUMNS}")
        if len(line) > CELL_CHARACTERS and any(len(str(value)) > CELL_CHARACTERS for value in found.values()):
            return BadRow(number, "", f"accepted: at most {CELL_CHARACTERS} characters in a value")
        try:
            return Row(number, self._named(found))
        except ValueError as error:
            return BadRow(number, "", str(error))

    def _named(self, found: dict[str, object]) -> dict[str, object]:
        """The object under names of columns that are trimmed and clean; those of rows alike are looked at once."""
        names = tuple(found)
        clean = self._names.get(names)
        if clean is None:
            clean = [column_name(name) for name in names]
            if len(set(clean)) < len(clean):
                raise ValueError("a name stands twice in one object")
            if len(self._names) < COLUMNS:
                self._names[names] = clean
        return dict(zip(clean, found.values(), strict=True))


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")
