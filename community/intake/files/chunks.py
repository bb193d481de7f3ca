"""The bytes of a file, or of standard input, as pieces of text that end where a line ends."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from community.intake.files.rows import CHUNK_BYTES, LINE_BYTES, FileRefused
from community.kit.errors import UsageError

STANDARD_INPUT = "-"
_ACCEPTED = "CSV or JSON Lines in UTF-8, or gzip of it"
_FOREIGN = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"PK\x03\x04", "a ZIP or spreadsheet file"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet file"),
    (b"%PDF", "a PDF file"),
    (b"SQLite format 3", "a database file"),
)


class Chunk(NamedTuple):
    """Some whole lines of text, and the number of the first of them (from 1)."""

    first_line: int
    text: str


@contextmanager
def open_bytes(path: str) -> Iterator[IO[bytes]]:
    """The bytes of a file or of `-`, unpacked where they are gzip. Raises UsageError for a file that is not there."""
    if path == STANDARD_INPUT:
        given = sys.stdin.buffer
        yield _unpacked(given if isinstance(given, io.BufferedReader) else io.BytesIO(given.read()))
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 - closed by the block below
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    with stream:
        yield _unpacked(stream)


def chunks(stream: IO[bytes], where: str) -> Iterator[Chunk]:
    """The text in pieces of some 256 kB, in flat memory.

    Raises FileRefused for what is not UTF-8 text, for a damaged gzip, and for a line longer than 1 MB.
    """
    line = 1
    begun = b""
    for block in _blocks(stream, where):
        block = begun + block
        end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        begun = block[end:]
        if end:
            text = _decoded(block[:end], line, where)
            yield Chunk(line, text)
            line += _lines_in(block[:end])
        if len(begun) > LINE_BYTES:
            raise FileRefused(where, line, f"a line of more than {LINE_BYTES} bytes", "lines of at most 1 MB")
    if begun:
        yield Chunk(line, _decoded(begun, line, where))


def _unpacked(stream: io.BufferedReader | io.BytesIO) -> IO[bytes]:
    start = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else stream.getvalue()[:2]
    return gzip.GzipFile(fileobj=stream) if start == b"\x1f\x8b" else stream  # type: ignore[return-value]  # reads alike


def _blocks(stream: IO[bytes], where: str) -> Iterator[bytes]:
    """The bytes behind a byte order mark, once the first of them look like text in UTF-8."""
    first = True
    while block := _read(stream, where):
        if first:
            first = False
            block = _behind_mark(block, where)
        yield block


def _read(stream: IO[bytes], where: str) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused(where, None, f"damaged gzip ({error})", "a whole file") from None


def _behind_mark(block: bytes, where: str) -> bytes:
    for mark, name in _FOREIGN:
        if block.startswith(mark):
            raise FileRefused(where, 1, name, _ACCEPTED)
    if block.startswith(codecs.BOM_UTF8):
        return block[3:]
    if b"\x00" in block[:4]:
        raise FileRefused(where, 1, "UTF-16 or UTF-32", _ACCEPTED)
    return block


def _decoded(data: bytes, first_line: int, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + _lines_in(data[: error.start])
        found = f"the byte 0x{data[error.start]:02X}, which is not UTF-8"
        raise FileRefused(where, line, found, _ACCEPTED) from None


def _lines_in(data: bytes) -> int:
    """How many lines end in these bytes, by line feed, carriage return or both."""
    ends = data.count(b"\n")
    return ends + data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else ends
