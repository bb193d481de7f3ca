"""What decides what is in a data set, as a few digits: another generator, book or table makes another template.

Only tables that are filled count, so that a migration elsewhere leaves a template of a million members as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, CreateTable

from community.kit import db
from community.programmes import presets
from community.tables import metadata
from tests.bench import generate
from tests.bench.generate import Dialect

PRESET = "aces"
FILLED = (
    "member", "leave", "contribution", "entry", "standing", "standing_change", "decision",
    "board_value", "board_tally", "board_state",
)  # fmt: skip
"""The tables that the generator, the first run and the benches fill."""


@cache
def digest() -> str:
    """What the generator, the book and the tables that are filled come to."""
    found = hashlib.sha256(presets.text(PRESET).encode())
    for sqlite in (True, False):
        for statement in generate.statements(Dialect(sqlite), 1_000, contributions=True):
            found.update(" ".join(statement.split()).encode())
    for name in FILLED:
        for definition in _definitions(metadata.tables[name]):
            found.update(" ".join(definition.split()).encode())
    return found.hexdigest()[:10]


def _definitions(table: Table) -> Iterator[str]:
    """A table and its indexes, as both databases define them."""
    for url in ("sqlite://", "postgresql://"):
        dialect = db.driver_url(url).get_dialect()()
        yield str(CreateTable(table).compile(dialect=dialect))
        yield from sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
