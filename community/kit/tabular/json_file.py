"""JSON: one object with the metadata and a list of rows, a row a line."""

from __future__ import annotations

import json
from collections.abc import Sequence

from community.kit.tabular.table import Batches, Column, Metadata, each, plain
from community.kit.tabular.target import Target, opened


async def write_json(target: Target, columns: Sequence[Column], batches: Batches, metadata: Metadata) -> int:
    """Writes `{"metadata": {…}, "rows": [{column: cell, …}, …]}` in UTF-8."""
    names = [column.name for column in columns]
    encode = json.JSONEncoder(ensure_ascii=False).encode
    written = 0
    with opened(target) as sink:
        sink.write(f'{{"metadata": {encode(plain(metadata))}, "rows": ['.encode())
        async for batch in each(batches):
            lines = ",\n".join([encode(dict(zip(names, row, strict=True))) for row in batch])
            if lines:
                sink.write((",\n" if written else "\n").encode() + lines.encode())
            written += len(batch)
        sink.write(b"\n]}\n")
    return written
