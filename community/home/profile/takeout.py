"""A person's data as a ZIP: each table as JSON and as CSV, the pictures, and a page that says what is what."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy.ext.asyncio import AsyncConnection

from community.home.profile.queries import owned
from community.kit.tabular.csv_file import guarded
from community.programmes import queries as programmes

IN_MEMORY = 2**20
"""Beyond that it is written to a file that is gone when it is closed."""
CHUNK = 2**16
README = """\
What Community keeps of you, table by table: json/ for programs, csv/ for spreadsheets; the same rows in both.

programme_id stands for: {programmes}
Days are days in the programme's time zone; instants are in UTC.
Left out are secrets (your password is kept as a hash only), and who of the programme's people decided what.
In csv/ a text that a spreadsheet would take for a formula begins with an apostrophe.
"""


async def pack(connection: AsyncConnection, person_id: UUID) -> IO[bytes]:
    """The ZIP, to be read from its beginning and closed. All of it as of one state of the database."""
    subject = await owned.subject_of(connection, person_id)
    _units, slugs = await programmes.slugs(connection)
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever reads it closes it
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        named = ", ".join(f"{number} {slug}" for number, slug in sorted(slugs.items()))
        packed.writestr("README.txt", README.format(programmes=named or "nothing yet"))
        for table in owned.OWNED:
            columns = owned.columns_of(table)
            rows = [row async for row in owned.rows_of(connection, table, subject)]
            if table.name == "picture":
                for row in rows:
                    values = dict(zip(columns, row, strict=True))
                    packed.writestr(f"pictures/{values['programme_id']}.webp", values["data"])
                continue
            packed.writestr(f"json/{table.name}.json", _as_json(columns, rows))
            packed.writestr(f"csv/{table.name}.csv", _as_csv(columns, rows))
    file.seek(0)
    return file


async def chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file, a piece at a time; closed at its end, or when nobody reads on."""
    with file:
        while piece := file.read(CHUNK):
            yield piece


def _as_json(columns: list[str], rows: list[list[Any]]) -> str:
    lines = [
        json.dumps({name: _plain(value) for name, value in zip(columns, row, strict=True)}, ensure_ascii=False)
        for row in rows
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _as_csv(columns: list[str], rows: list[list[Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return guarded(json.dumps(value, ensure_ascii=False))
    plain = _plain(value)
    return guarded(plain) if isinstance(plain, str) else plain
