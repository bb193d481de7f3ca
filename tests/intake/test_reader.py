"""Files as they come: every accepted shape gives the same rows, and hostile ones a clear error in flat memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.intake.files.reader import open_rows
from community.intake.files.rows import BadRow, FileRefused, Row
from community.kit.errors import UsageError

ROWS = b'handle,title\nada,Hello\nben,"two\nlines"\ncleo,last\n'


def read(path: Path | str) -> list[Row | BadRow]:
    with open_rows(str(path)) as rows:
        return list(rows)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        b"\xef\xbb\xbf" + ROWS,
        ROWS.replace(b"\n", b"\r\n"),
        ROWS.replace(b"\n", b"\r"),
        ROWS.replace(b",", b";"),
        gzip.compress(ROWS, mtime=0),
        ROWS.rstrip(b"\n"),
        b"\n\n" + ROWS,
    ],
    ids=["plain", "mark", "crlf", "cr", "semicolon", "gzip", "no-last-end", "blank-first"],
)
def test_csv_in_every_accepted_shape(tmp_path: Path, data: bytes) -> None:
    with open_rows(str(written(tmp_path, data))) as rows:
        assert rows.header == ["handle", "title"]
        found = [row for row in rows if isinstance(row, Row)]
    cells = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row.cells] for row in found]
    assert cells == [["ada", "Hello"], ["ben", "two\nlines"], ["cleo", "last"]]
    offset = 2 if data.startswith(b"\n") else 0
    assert [row.line - offset for row in found] == [2, 3, 5]


def test_json_lines_keep_numbers_as_they_stand(tmp_path: Path) -> None:
    lines = '{"handle": "ada", "size": 0.10}\n\n'
    lines += '{"handle": "ben", "size": 12345678901234567890, "ok": true, "no": null}\n'
    with open_rows(str(written(tmp_path, lines.encode()))) as rows:
        assert rows.header is None
        assert list(rows) == [
            Row(1, {"handle": "ada", "size": "0.10"}),
            Row(3, {"handle": "ben", "size": "12345678901234567890", "ok": True, "no": None}),
        ]


@pytest.mark.parametrize(
    "line",
    [
        "[1]",
        "nonsense",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": ' + "[" * 100_000,
        '{"a\\u0000": 1}',
        '"text"',
        '{"a": 1} x',
    ],
    ids=["list", "nonsense", "twice", "nan", "deep", "nul-name", "text", "more"],
)
def test_a_line_that_is_no_object_is_a_bad_row_and_the_file_goes_on(tmp_path: Path, line: str) -> None:
    found = read(written(tmp_path, f'{{"a": 1}}\n{line}\n{{"a": 3}}\n'.encode()))
    assert [type(row) for row in found] == [Row, BadRow, Row]
    assert [row.line for row in found] == [1, 2, 3]


def test_a_row_with_more_or_fewer_cells_is_a_bad_row_and_the_file_goes_on(tmp_path: Path) -> None:
    found = read(written(tmp_path, b"a,b\n1,2\n1\n1,2,3\n\n5,6\n"))
    assert [(type(row), row.line) for row in found] == [(Row, 2), (BadRow, 3), (BadRow, 4), (Row, 6)]
    assert isinstance(found[2], BadRow)
    assert found[2].message == "has 3 cells; accepted: 2, as many as the header"


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"handle,title")) == []


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (io.BytesIO(ROWS), io.BufferedReader(io.BytesIO(gzip.compress(ROWS, mtime=0)))):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        assert len(read("-")) == 3


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "an empty file"),
        (b" \n\n", 1, "an empty file"),
        (b",,\n1,2,3\n", 1, "no header"),
        (b"a,b,a\n1,2,3\n", 1, "more than one column named a"),
        (b'a,b\n1,2\n"open,3\n4,5\n', 3, "unclosed quote"),
        (b'a,b\n1,2\n"x" y,3\n', 3, "behind a closing one"),
        (b'a,b\n1,"open\n2,"closed"\n', 2, "unclosed quote"),
        ("a,b\n1,2\nété,3\n".encode("latin-1"), 3, "0xE9, which is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), 1, "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), 1, "UTF-16"),
        ("a,b\n1,2\n".encode("utf-32"), 1, "UTF-32"),
        (b"a,\xed\xa0\x80\n1,2\n", 1, "not UTF-8"),
        (b"alpha,b\x00\n1,2\n", 1, "U+0000"),
        (b"PK\x03\x04rest", 1, "spreadsheet"),
        (b'[{"handle": "ada"}]', 1, "a JSON list"),
        (gzip.compress(ROWS * 100, mtime=0)[:-20], None, "damaged gzip"),
        (b",".join(b"c%d" % n for n in range(1001)) + b"\n", 1, "1001 columns"),
        (b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", 1, "more than 1048576 bytes"),
        (b"a,b\n1," + b"x" * 10_000_000 + b"\n", 2, "more than 1048576 bytes"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", 2, "a cell that is too long"),
        (b'a,b\n1,"' + b"x\n" * 5_000_000, 2, "a cell that is too long"),
        (b'a,b\n"x' + b'","'.join(b"y" * 50_000 + b"\n" for _ in range(250)), 2, "a row that does not end"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_refused_at_a_line(
    tmp_path: Path, data: bytes, line: int | None, words: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        read(written(tmp_path, data))
    assert refused.value.line == line
    assert words in str(refused.value)
    assert "accepted: " in str(refused.value)


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError, match=str(path)):
            read(path)


def test_memory_is_flat_however_long_the_file_and_whatever_gzip_hides(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(b"handle,title\n")
        for _ in range(100):
            out.write((b"ada," + b"Hello again " * 100 + b"\n") * 300)
    tracemalloc.start()
    with open_rows(str(path)) as rows:
        assert sum(1 for _ in rows) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.sampled_from([",", ";"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_of_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str, end: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["one", "two"])
    writer.writerows(rows)
    found = read(written(tmp_path_factory.mktemp("csv"), out.getvalue().encode()))
    assert [row.cells for row in found if isinstance(row, Row)] == [list(row) for row in rows]


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = written(tmp_path_factory.mktemp("any"), b"a,b\n" + data)
    try:
        found = read(path)
    except FileRefused as refused:
        assert refused.line is None or refused.line >= 1  # noqa: PT017 - either outcome is right
    else:
        assert [row.line for row in found] == sorted(row.line for row in found)


def test_a_surrogate_escaped_in_json_reaches_the_form_that_refuses_it(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, json.dumps({"title": "\ud83d"}).encode()))
    assert row == Row(1, {"title": "\ud83d"})
