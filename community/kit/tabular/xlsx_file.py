"""XLSX: one sheet, in which every text stays a text: no formula, no link."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError
from xlsxwriter.worksheet import Worksheet

from community.kit.errors import MachineryError, UsageError
from community.kit.tabular.table import Batches, Cell, Column, Metadata, Row, each
from community.kit.tabular.target import Sink, Target, opened

_MOST_ROWS: Final = 1_048_576
_MOST_CHARACTERS: Final = 32_767
_EXACT_UP_TO: Final = 2**53
_COPIED_AT_ONCE: Final = 1 << 20
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


async def write_xlsx(target: Target, columns: Sequence[Column], batches: Batches, metadata: Metadata) -> int:
    """Writes a sheet with a header row. The format holds 1 048 575 rows besides it, and 32 767 characters a cell.

    Raises UsageError for a table that does not fit. The sheet has no place for metadata.
    """
    del metadata
    written = 0
    with opened(target) as sink, tempfile.TemporaryDirectory(prefix="community-") as folder:
        # Put together aside and then copied: the ZIP needs to go back in its file, which a pipe cannot.
        whole = Path(folder, "table.xlsx")
        with _sheet(whole, sink.name) as sheet:
            _write_row(sheet, 0, [column.name for column in columns])
            async for batch in each(batches):
                for row in batch:
                    written += 1
                    _write_row(sheet, written, row)
        _copy(whole, sink)
    return written


@contextmanager
def _sheet(whole: Path, name: str) -> Iterator[Worksheet]:
    """A sheet whose rows wait in a file beside `whole` until the workbook is put together."""
    workbook = xlsxwriter.Workbook(str(whole), {**_OPTIONS, "tmpdir": str(whole.parent)})
    sheet = workbook.add_worksheet()
    try:
        yield sheet
        _close(workbook, name)
    finally:
        sheet.row_data_fh.close()


def _close(workbook: xlsxwriter.Workbook, name: str) -> None:
    """Puts the workbook together. Raises MachineryError."""
    try:
        workbook.close()
    except (OSError, XlsxFileError) as error:
        raise MachineryError(f"{name}: writing failed: {error}; the file was not made") from error


def _copy(whole: Path, sink: Sink) -> None:
    with whole.open("rb") as file:
        shutil.copyfileobj(file, sink, _COPIED_AT_ONCE)


def _write_row(sheet: Worksheet, place: int, row: Row) -> None:
    if place >= _MOST_ROWS:
        raise UsageError(f"xlsx: holds at most {_MOST_ROWS - 1} rows; accepted for more: csv, json, parquet")
    for column, cell in enumerate(row):
        if cell is not None:
            _write_cell(sheet, place, column, cell)


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, int) and abs(cell) <= _EXACT_UP_TO:
        sheet.write_number(row, column, cell)
        return
    text = str(cell)
    if len(text) > _MOST_CHARACTERS:
        raise UsageError(f"xlsx: a cell holds {_MOST_CHARACTERS} characters; accepted for more: csv, json, parquet")
    sheet.write_string(row, column, text)
