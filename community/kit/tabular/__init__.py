"""Tables out: the same rows as CSV, XLSX, JSON or Parquet, batch by batch, so that memory stays flat.

Every writer takes a target (a path, or an open binary stream), columns, batches of rows and metadata, and answers how
many rows it wrote. A path appears only when its file is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from community.kit.tabular.csv_file import write_csv
from community.kit.tabular.json_file import write_json
from community.kit.tabular.parquet_file import write_parquet
from community.kit.tabular.table import Batches, Cell, Column, Kind, Metadata, Row, Writer
from community.kit.tabular.target import Target
from community.kit.tabular.xlsx_file import write_xlsx

__all__ = [
    "WRITERS",
    "Batches",
    "Cell",
    "Column",
    "Kind",
    "Metadata",
    "Row",
    "Target",
    "Writer",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_xlsx",
]

WRITERS: Final[Mapping[str, Writer]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "json": write_json,
    "parquet": write_parquet,
}
"""The writers by the names of their formats."""
