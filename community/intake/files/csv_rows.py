"""Rows of a CSV file: `,` or `;`, any line end, quotes as RFC 4180 has them; the line where each row begins."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain

from community.intake.files.chunks import Chunk
from community.intake.files.rows import CELL_CHARACTERS, CHUNK_BYTES, COLUMNS, BadRow, FileRefused, Row, column_name
from community.kit.text import excerpt

LONGEST_ROW_CHUNKS = 8 * (1 << 20) // CHUNK_BYTES


class CsvRows:
    """The rows behind the header; a row that has more or fewer cells than the header is a BadRow.

    Raises FileRefused for a header that cannot be one, an unclosed quote, and cells or rows beyond the limits.
    """

    def __init__(self, first: Chunk, pieces: Iterator[Chunk], where: str) -> None:
        self.where = where
        csv.field_size_limit(CELL_CHARACTERS)
        self._lines_before = first.first_line - 1
        self._row_begins = first.first_line
        delimiter = _delimiter(next(io.StringIO(first.text.lstrip(), newline="")))
        self._reader = csv.reader(self._lines(chain([first], pieces)), delimiter=delimiter, strict=True)
        self.header = self._header()

    def __iter__(self) -> Iterator[Row | BadRow]:
        reader, width, behind = self._reader, len(self.header), self._lines_before + 1
        begins = self._row_begins
        try:
            for cells in reader:
                if len(cells) == width:
                    yield Row(begins, cells)
                elif cells:
                    yield _ragged(begins, cells, width)
                self._row_begins = begins = reader.line_num + behind
        except csv.Error as error:
            raise self._refused(error) from None

    def _header(self) -> list[str]:
        names, begins = self._first_row()
        if not any(names):
            raise FileRefused(self.where, begins, "no header", "a first line that names the columns")
        if len(names) > COLUMNS:
            raise FileRefused(self.where, begins, f"{len(names)} columns", f"at most {COLUMNS} columns")
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            listed = ", ".join(excerpt(name) for name in twice[:10])
            raise FileRefused(self.where, begins, f"more than one column named {listed}", "each column once")
        return names

    def _first_row(self) -> tuple[list[str], int]:
        """The names that the first row that is not blank gives, and the line where it begins."""
        try:
            for cells in self._reader:
                begins, self._row_begins = self._row_begins, self._reader.line_num + self._lines_before + 1
                if len(cells) > 1 or (cells and not cells[0].isspace()):
                    return self._named(cells, begins), begins
        except csv.Error as error:
            raise self._refused(error) from None
        raise FileRefused(self.where, 1, "no header", "a first line that names the columns")

    def _named(self, cells: list[str], begins: int) -> list[str]:
        try:
            return [column_name(cell) for cell in cells]
        except ValueError as error:
            raise FileRefused(self.where, begins, str(error), "names of columns") from None

    def _lines(self, pieces: Iterator[Chunk]) -> Iterator[str]:
        """The physical lines; watches that no row goes on and on, as it does behind an unclosed quote."""
        begins, chunks_of_row = 0, 0
        for piece in pieces:
            chunks_of_row = chunks_of_row + 1 if begins == self._row_begins else 0
            begins = self._row_begins
            if chunks_of_row > LONGEST_ROW_CHUNKS:
                found = "a row that does not end (an unclosed quote?)"
                raise FileRefused(self.where, begins, found, "rows of at most 8 MB")
            yield from io.StringIO(piece.text, newline="")

    def _refused(self, error: csv.Error) -> FileRefused:
        text = str(error)
        if "unexpected end of data" in text or "expected after" in text:
            return FileRefused(
                self.where,
                self._row_begins,
                "an unclosed quote, or text behind a closing one, in the row that begins here",
                'a cell in "…", quotes inside of it doubled',
            )
        if "field larger" in text:
            accepted = f"at most {CELL_CHARACTERS} characters in a cell"
            return FileRefused(self.where, self._row_begins, "a cell that is too long (an unclosed quote?)", accepted)
        return FileRefused(self.where, self._row_begins, f"a row that is no CSV ({text})", "CSV")


def _delimiter(header: str) -> str:
    """`,` or `;`, whichever stands more often in the header outside of quotes."""
    outside = "".join(header.split('"')[::2])
    return ";" if outside.count(";") > outside.count(",") else ","


def _ragged(line: int, cells: list[str], width: int) -> BadRow:
    many = "cell" if len(cells) == 1 else "cells"
    message = f"has {len(cells)} {many}; accepted: {width}, as many as the header"
    return BadRow(line, excerpt(",".join(cells)[:200]), message)
