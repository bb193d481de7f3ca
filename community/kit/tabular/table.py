"""What a table is: columns of a kind, rows of cells in batches, and metadata about the whole."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from community.kit.tabular.target import Target

Cell = str | int | None
Row = Sequence[Cell]
Batches = AsyncIterable[Sequence[Row]] | Iterable[Sequence[Row]]
Metadata = Mapping[str, str | int | date | datetime | None]


class Kind(Enum):
    """What the cells of a column are; each may be None, too."""

    TEXT = "text"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, and what its cells are."""

    name: str
    kind: Kind = Kind.TEXT


class Writer(Protocol):
    """Writes a table to a target and answers the number of its rows.

    Raises UsageError where the target cannot be written, and MachineryError where the disk gives out.
    """

    async def __call__(
        self, target: Target, columns: Sequence[Column], batches: Batches, metadata: Metadata
    ) -> int: ...


async def each(batches: Batches) -> AsyncIterator[Sequence[Row]]:
    """The batches, whether they come at once or are waited for."""
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
    else:
        for batch in batches:
            yield batch


def plain(metadata: Metadata) -> dict[str, str | int | None]:
    """Metadata as JSON has it: days and instants as ISO texts."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in metadata.items()}
