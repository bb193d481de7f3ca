"""Parquet by arro3: batches go through as they come, and the metadata stands in the file's own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import arro3.core as arrow
import arro3.io

from community.kit.tabular.table import Batches, Column, Kind, Metadata, Row, each, plain
from community.kit.tabular.target import Sink, Target, opened

_ROWS_IN_GROUP: Final = 65_536
_TYPES: Final = {Kind.TEXT: arrow.DataType.string(), Kind.WHOLE: arrow.DataType.int64()}


async def write_parquet(target: Target, columns: Sequence[Column], batches: Batches, metadata: Metadata) -> int:
    """Writes a Parquet file; the metadata is its key-value metadata, all of it as text, "" for None."""
    with opened(target) as sink:
        stream = _Stream(columns, each(batches), sink)
        # The library pulls from a plain iterator: it does so in a thread, and this loop goes on fetching for it.
        await asyncio.to_thread(stream.write, {name: _text(value) for name, value in plain(metadata).items()})
        if stream.error is not None:
            raise stream.error
    return stream.written


class _Stream:
    """A table on its way into a file. The library aborts noisily when a read or a write fails, so it is told of
    neither: the error is kept, the stream ends, and what was written is thrown away."""

    def __init__(self, columns: Sequence[Column], batches: AsyncIterator[Sequence[Row]], sink: Sink) -> None:
        self._types = [_TYPES[column.kind] for column in columns]
        self._schema = arrow.Schema(
            [arrow.Field(column.name, kind, nullable=True) for column, kind in zip(columns, self._types, strict=True)]
        )
        self._batches = batches
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self.written = 0
        self.error: BaseException | None = None

    def write(self, metadata: dict[str, str]) -> None:
        """Writes the whole table; runs beside the loop that fetches."""
        arro3.io.write_parquet(
            arrow.RecordBatchReader.from_batches(self._schema, self._arrow_batches()),
            _Kept(self),  # type: ignore[arg-type]  # it needs no more of a file than write, seek, flush and close
            compression="snappy",
            key_value_metadata=metadata,
            max_row_group_size=_ROWS_IN_GROUP,
        )

    def to_sink(self, data: bytes) -> int:
        """Writes bytes, unless something failed before."""
        if self.error is None:
            try:
                self._sink.write(data)
            except Exception as error:
                self.error = error
        return len(data)

    def _arrow_batches(self) -> Iterator[arrow.RecordBatch]:
        while self.error is None:
            rows = self._fetched()
            if rows is None:
                return
            if rows:
                self.written += len(rows)
                yield self._arrow(rows)

    def _fetched(self) -> Sequence[Row] | None:
        try:
            return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        except BaseException as error:
            self.error = error
            return None

    async def _next(self) -> Sequence[Row] | None:
        return await anext(self._batches, None)

    def _arrow(self, rows: Sequence[Row]) -> arrow.RecordBatch:
        arrays = [
            arrow.Array(list(cells), type=kind)
            for cells, kind in zip(zip(*rows, strict=True), self._types, strict=True)
        ]
        return arrow.RecordBatch.from_arrays(arrays, schema=self._schema)


class _Kept:
    """The file as the library sees it."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Takes bytes; never fails."""
        return self._stream.to_sink(bytes(data))

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """The library asks for it and never goes back: bytes only follow bytes."""
        raise io.UnsupportedOperation("this file is written from its beginning to its end")

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """The sink is closed by whoever opened it."""


def _text(value: Any) -> str:
    return "" if value is None else str(value)
