"""What a reader of files gives: rows, rows that cannot be read, and the refusal of a whole file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from community.kit.errors import InputRefused, Problem
from community.kit.text import line_of

CHUNK_BYTES = 1 << 18
CELL_CHARACTERS = 131_072
LINE_BYTES = 1 << 20
COLUMNS = 1_000
COLUMN_NAME_CHARACTERS = 100


class Row(NamedTuple):
    """A row as it stands: the physical line where it begins (from 1), and its cells.

    Cells are texts in the order of the header (CSV), or a dict of what JSON has, numbers as text (JSON Lines).
    """

    line: int
    cells: list[str] | dict[str, object]


class BadRow(NamedTuple):
    """A row that cannot be read as one; the file goes on behind it."""

    line: int
    value: str
    message: str


class Rows(Protocol):
    """An open file: `header` is None where each row names its own columns. Iterating raises FileRefused."""

    @property
    def header(self) -> list[str] | None: ...

    def __iter__(self) -> Iterator[Row | BadRow]: ...


def column_name(name: str) -> str:
    """A column's name, trimmed. Raises ValueError for control characters and for more than 100 characters."""
    name = line_of(name)
    if len(name) > COLUMN_NAME_CHARACTERS:
        raise ValueError(f"a column name of {len(name)} characters; accepted: at most {COLUMN_NAME_CHARACTERS}")
    return name


class FileRefused(InputRefused):
    """The whole file is refused, at one line: nothing behind it can be trusted."""

    def __init__(self, where: str, line: int | None, found: str, accepted: str) -> None:
        problem = Problem(path="file", found=found, accepted=accepted, line=line, where=where)
        place = where if line is None else f"{where}, line {line}"
        super().__init__([problem], f"{place}: {found}; accepted: {accepted}")
        self.line = line
