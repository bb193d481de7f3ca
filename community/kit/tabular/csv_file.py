"""CSV by RFC 4180, in which no cell is taken for a formula (CWE-1236; ASVS 5.0, 1.2.10)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

from community.kit.tabular.table import Batches, Column, Kind, Metadata, Row, each
from community.kit.tabular.target import Target, opened

_FORMULA: Final = frozenset("=+-@\t\r\n\0＝＋－＠")
_HIDING: Final = "\ufeff\u200b"
_DOUBTFUL: Final = _FORMULA | frozenset(_HIDING) | frozenset(c for c in map(chr, range(0x3001)) if c.isspace())
"""What a cell begins with that needs a closer look: a formula, or what may stand before one."""
_NEGATIVE_NUMBER: Final = re.compile(r"-[0-9]+(?:\.[0-9]+)?")


async def write_csv(target: Target, columns: Sequence[Column], batches: Batches, metadata: Metadata) -> int:
    """Writes UTF-8 with a header; None is an empty cell. CSV has no place for metadata."""
    del metadata
    texts = [place for place, column in enumerate(columns) if column.kind is Kind.TEXT]
    written = 0
    with opened(target) as sink:
        sink.write(_lines([[column.name for column in columns]]))
        async for batch in each(batches):
            sink.write(_lines(_guarded(batch, texts)))
            written += len(batch)
    return written


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula.

    Leading spaces do not hide one, nor do full-width signs. A lone negative number is a number.
    """
    if text[:1] in _FORMULA or text.lstrip().lstrip(_HIDING)[:1] in _FORMULA:
        return text if _NEGATIVE_NUMBER.fullmatch(text) else f"'{text}"
    return text


def _guarded(batch: Sequence[Row], texts: Sequence[int]) -> Sequence[Row]:
    """The batch with its texts guarded; most need nothing, which is seen a column at a time."""
    doubtful = [
        place
        for place in texts
        if not _DOUBTFUL.isdisjoint([row[place][0] for row in batch if row[place]])  # type: ignore[index]  # a text
    ]
    if not doubtful:
        return batch
    return [
        [guarded(cell) if place in doubtful and isinstance(cell, str) else cell for place, cell in enumerate(row)]
        for row in batch
    ]


def _lines(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
