"""Tables out: the same rows read back from each format, nothing that a spreadsheet would run, no half files."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import arro3.io
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from community.kit.errors import MachineryError, UsageError
from community.kit.tabular import WRITERS, Column, Kind, Metadata, Row
from community.kit.tabular.csv_file import guarded

pytestmark = pytest.mark.anyio

COLUMNS = (Column("rank", Kind.WHOLE), Column("name"), Column("country"), Column("value", Kind.WHOLE))
METADATA: Metadata = {
    "programme": "aces", "from": None, "to": date(2026, 1, 2), "version": 3, "at": datetime(2026, 1, 2, 3, tzinfo=UTC)
}  # fmt: skip
ROWS: list[Row] = [
    (1, 'Ada, the "first"\nof all', "FR", 10),
    (2, "Éva 🎉", None, -5),
    (3, "007", "", 2**53),
    (4, "https://example.org", "DE", 0),
    (5, "=1+1", "@x", 1),
]
FORMULAS = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\t", "\r=1", "\0=1", "＝1+1", "＋1", "－1", "＠x", " =1", "\n=1",
    "\x1f=1", "\u3000＝1", "\ufeff=1", "--1",
)  # fmt: skip


def batches(rows: Sequence[Row], size: int = 2) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def waited(rows: Sequence[Row], size: int = 2) -> AsyncIterator[Sequence[Row]]:
    for batch in batches(rows, size):
        yield batch


def read_back(file_format: str, file: Path) -> list[tuple[Any, ...]]:
    """The rows of a file, the header first; an empty cell is None."""
    if file_format == "csv":
        with file.open(encoding="utf-8", newline="") as text:
            return [tuple(cell or None for cell in row) for row in csv.reader(text)]
    if file_format == "xlsx":
        return [
            tuple(cell if cell != "" else None for cell in row)
            for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
        ]
    if file_format == "json":
        rows = json.loads(file.read_text("utf-8"))["rows"]
        return [tuple(rows[0]), *(tuple(row.values()) for row in rows)]
    table = arro3.io.read_parquet(file).read_all()
    columns = [table.column(name).to_pylist() for name in table.column_names]
    return [tuple(table.column_names), *zip(*columns, strict=True)]


@pytest.mark.parametrize("kind", [batches, waited])
@pytest.mark.parametrize("file_format", WRITERS)
async def test_the_same_rows_come_back(file_format: str, kind: Any, tmp_path: Path) -> None:
    file = tmp_path / f"table.{file_format}"
    assert await WRITERS[file_format](file, COLUMNS, kind(ROWS), METADATA) == len(ROWS)
    found = read_back(file_format, file)
    assert found[0] == ("rank", "name", "country", "value")
    expected = [tuple(row) for row in ROWS]
    if file_format == "csv":
        expected = [
            tuple(None if cell in (None, "") else guarded(cell) if isinstance(cell, str) else str(cell) for cell in row)
            for row in expected
        ]
    if file_format == "xlsx":
        expected = [tuple(cell or None if isinstance(cell, str) else cell for cell in row) for row in expected]
    assert found[1:] == expected
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("file_format", WRITERS)
async def test_a_table_without_rows(file_format: str, tmp_path: Path) -> None:
    file = tmp_path / "empty"
    assert await WRITERS[file_format](file, COLUMNS, [], METADATA) == 0
    if file_format != "json":
        assert read_back(file_format, file) == [("rank", "name", "country", "value")]


async def test_metadata_stands_in_json_and_parquet(tmp_path: Path) -> None:
    await WRITERS["json"](tmp_path / "json", COLUMNS, batches(ROWS), METADATA)
    found = json.loads((tmp_path / "json").read_text("utf-8"))["metadata"]
    assert found == {
        "programme": "aces", "from": None, "to": "2026-01-02", "version": 3, "at": "2026-01-02T03:00:00+00:00"
    }  # fmt: skip
    await WRITERS["parquet"](tmp_path / "parquet", COLUMNS, batches(ROWS), METADATA)
    stored = arro3.io.read_parquet(tmp_path / "parquet").schema.metadata
    assert stored | {b"programme": b"aces", b"from": b"", b"to": b"2026-01-02", b"version": b"3"} == stored


@pytest.mark.parametrize("text", FORMULAS)
async def test_a_formula_is_text_in_csv(text: str, tmp_path: Path) -> None:
    assert guarded(text) == f"'{text}"
    file = tmp_path / "table.csv"
    await WRITERS["csv"](file, [Column("name"), Column("value", Kind.WHOLE)], [[(text, -3), ("plain", 1)]], {})
    with file.open(encoding="utf-8", newline="") as read:
        assert list(csv.reader(read))[1:] == [[f"'{text}", "-3"], ["plain", "1"]]


@pytest.mark.parametrize("text", ["-5", "-0.25", "a=b", "1+1", "x@y", "", " ", "’=1"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=6)), min_size=1, max_size=5))
async def test_no_cell_of_csv_begins_like_a_formula(rows: list[tuple[str]]) -> None:
    out = io.BytesIO()
    await WRITERS["csv"](out, [Column("name")], [rows], {})
    cells = [row[0] if row else "" for row in csv.reader(io.StringIO(out.getvalue().decode(), newline=""))][1:]
    assert [cell.removeprefix("'") for cell in cells] == [row[0].removeprefix("'") for row in rows]
    assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+@＝＋－＠") or cell[:1] in tuple("\t\r\0")]


async def test_xlsx_holds_neither_formula_nor_link(tmp_path: Path) -> None:
    rows = [(1, text, "http://example.org", 1) for text in (*FORMULAS[:4], "mailto:a@b.org", "{=1}", "1e3", "12")]
    await WRITERS["xlsx"](tmp_path / "x.xlsx", COLUMNS, [rows], {})
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert not re.search(r"<f\b|hyperlink", sheet)
    assert [row[1] for row in read_back("xlsx", tmp_path / "x.xlsx")[1:]] == [row[1] for row in rows]


async def test_what_a_sheet_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="32767 characters"):
        await WRITERS["xlsx"](tmp_path / "x", [Column("name")], [[("a" * 32_768,)]], {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file_format", WRITERS)
async def test_a_stream_takes_the_same_bytes_as_a_file(file_format: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    await WRITERS[file_format](out, COLUMNS, batches(ROWS), METADATA)
    (tmp_path / "streamed").write_bytes(out.getvalue())
    await WRITERS[file_format](tmp_path / "file", COLUMNS, batches(ROWS), METADATA)
    assert read_back(file_format, tmp_path / "streamed") == read_back(file_format, tmp_path / "file")


@pytest.mark.parametrize("file_format", WRITERS)
async def test_a_full_disk_is_the_machinerys_and_a_wrong_place_the_callers(file_format: str, tmp_path: Path) -> None:
    write = WRITERS[file_format]
    rows = [(number, "name", "FR", number) for number in range(20_000)]
    with pytest.raises(MachineryError, match="/dev/full: writing failed: No space left on device"):
        await write(Path("/dev/full"), COLUMNS, batches(rows, 5_000), {})
    assert Path("/dev/full").is_char_device()
    with pytest.raises(UsageError, match="found a folder"):
        await write(tmp_path, COLUMNS, batches(rows), {})
    with pytest.raises(UsageError, match="No such file or directory"):
        await write(tmp_path / "none" / "x", COLUMNS, batches(rows), {})


@pytest.mark.parametrize("file_format", WRITERS)
async def test_what_breaks_off_leaves_the_file_as_it_was(file_format: str, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[Sequence[Row]]:
        yield ROWS
        raise ConnectionResetError("the database is away")

    file = tmp_path / "table"
    file.write_text("before")
    file.chmod(0o600)
    with pytest.raises(ConnectionResetError, match="the database is away"):
        await WRITERS[file_format](file, COLUMNS, broken(), METADATA)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]
    await WRITERS[file_format](file, COLUMNS, batches(ROWS), METADATA)
    assert file.stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(file)
    await WRITERS[file_format](tmp_path / "link", COLUMNS, batches(ROWS[:1]), METADATA)
    assert (tmp_path / "link").is_symlink()
    assert len(read_back(file_format, file)) == 2


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
async def test_memory_does_not_grow_with_rows(file_format: str, tmp_path: Path) -> None:
    async def many(count: int) -> AsyncIterator[Sequence[Row]]:
        for start in range(0, count, 1_000):
            yield [(number, f"name {number}", "FR", number) for number in range(start, start + 1_000)]

    peaks = []
    for count in (5_000, 50_000):
        tracemalloc.start()
        await WRITERS[file_format](tmp_path / "table", COLUMNS, many(count), {})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
