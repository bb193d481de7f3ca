"""Opening a file of rows, whatever of the accepted shapes it has: CSV, JSON Lines, gzip of either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from community.intake.files.chunks import STANDARD_INPUT, Chunk, chunks, open_bytes
from community.intake.files.csv_rows import CsvRows
from community.intake.files.json_rows import JsonRows
from community.intake.files.rows import FileRefused, Rows


@contextmanager
def open_rows(path: str) -> Iterator[Rows]:
    """The rows of a file, or of standard input for `-`, read as they are asked for, in flat memory.

    Raises UsageError for a file that is not there, FileRefused for one that is none of the accepted shapes.
    """
    where = "standard input" if path == STANDARD_INPUT else path
    with open_bytes(path) as stream:
        pieces = chunks(stream, where)
        first = next(pieces, None)
        while first is not None and first.text.isspace():
            first = next(pieces, None)
        if first is None:
            raise FileRefused(where, 1, "an empty file", "a header line, or JSON Lines")
        yield _rows(first, pieces, where)


def _rows(first: Chunk, pieces: Iterator[Chunk], where: str) -> Rows:
    start = first.text.lstrip()[:1]
    if start == "{":
        return JsonRows(chain([first], pieces))
    if start == "[":
        raise FileRefused(where, first.first_line, "a JSON list", "JSON Lines: one object a line")
    return CsvRows(first, pieces, where)
