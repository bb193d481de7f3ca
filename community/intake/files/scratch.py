"""A file's good rows, laid aside on disk while the rest of it is read, and given back member by member.

A file may be larger than memory, a later row may take the place of an earlier one, and awards are reckoned over all of
a member's contributions: so nothing is taken in before the whole file was read. Rows go to one of 256 parts by their
member, and the ids of rows to one of 256 parts by id, so that a part at a time fits into memory.
"""

from __future__ import annotations

import marshal
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias
from zlib import crc32

from community.kit.errors import MachineryError

PARTS = 256
_ROWS_BUFFERED = 20_000
_PLAIN_MARSHAL = 2  # the format before references: faster, and nothing here is shared
_SUPERSEDED = -1


Laid: TypeAlias = tuple[str, int, int, str, Any]
"""A row given back: folded handle, place in the file, line, an id that is unique in the file, payload."""


class Superseded(NamedTuple):
    """A row whose place a later one took, both by their lines."""

    line: int
    by_line: int
    key: str


class Scratch:
    """The rows of one file: `add` each, `settle` once, then read `groups` as often as wanted."""

    def __init__(self, folder: Path) -> None:
        self._rows = _Parts(folder / "rows")
        self._ids = _Parts(folder / "ids")
        self._places: array[int] | None = None
        self._numbered = False
        self.count = 0

    def add(self, line: int, key: str | bytes, folded: str, payload: Any) -> None:
        """Lays the next row of the file aside.

        `key` tells it from the other rows: text is the source's own id, which only one row may keep; bytes are what
        rows of one member without an id have in common, which are then numbered. `payload` is made of tuples, lists,
        dicts, texts, numbers, true, false and None. Raises MachineryError where the disk takes no more.
        """
        position = self.count
        row = marshal.dumps((folded, position, line, key, payload), _PLAIN_MARSHAL)
        self._rows.parts[crc32(folded.encode()) % PARTS].append(row)
        if type(key) is str:
            self._ids.parts[hash(key) % PARTS].append(marshal.dumps((key, position, line), _PLAIN_MARSHAL))
        else:
            self._numbered = True
        self.count = position + 1
        if self.count % _ROWS_BUFFERED == 0:
            self._rows.write()
            self._ids.write()

    def settle(self) -> Iterator[Superseded]:
        """Of rows with the same id the last stays, in the place of the first; answers the others, in no order.

        Must be read to its end.
        """
        self._rows.write()
        self._ids.write()
        for part in range(PARTS):
            found = list(self._ids.read(part))
            times = Counter(key for key, _position, _line in found)
            alike: dict[str, list[tuple[int, int]]] = {key: [] for key, number in times.items() if number > 1}
            for key, position, line in found:
                if key in alike:
                    alike[key].append((position, line))
            for key, rows in alike.items():
                yield from self._supersede(key, rows)

    def groups(self, size: int) -> Iterator[list[Laid]]:
        """The rows member by member, each member's in the order of the file, in lists of at least some `size` rows.

        A member's rows are never split. Rows without an id are numbered among those of the member that are alike, so
        that the same file gives the same ids again.
        """
        group: list[Laid] = []
        for part in range(PARTS):
            group.extend(self._part(part))
            while len(group) > size:
                end = _end_of_member(group, size)
                yield group[:end]
                group = group[end:]
        if group:
            yield group

    def _part(self, part: int) -> list[Laid]:
        rows: list[Any] = list(self._rows.read(part))
        if self._numbered:
            times = Counter[bytes]()
            rows = [_with_id(row, times) for row in rows]
        if self._places is not None:
            rows = list(_placed(rows, self._places))
        rows.sort()  # by folded handle, then position; two rows are never alike in both
        return rows

    def _supersede(self, key: str, alike: list[tuple[int, int]]) -> Iterator[Superseded]:
        if self._places is None:
            self._places = array("q", range(self.count))
        first, (last, by_line) = alike[0][0], alike[-1]
        self._places[last] = first
        for position, line in alike[:-1]:
            self._places[position] = _SUPERSEDED
            yield Superseded(line, by_line, key)

    def close(self) -> None:
        """Closes the files."""
        self._rows.close()
        self._ids.close()


@contextmanager
def scratch(folder: Path) -> Iterator[Scratch]:
    """A scratch in temporary files in `folder`, which are gone at the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(prefix="import-", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise MachineryError(f"{folder}: {error.strerror or error}") from error
    with place as name:
        found = Scratch(Path(name))
        try:
            yield found
        finally:
            found.close()


class _Parts:
    """Rows in one file, in parts: appended to `parts` as bytes, written in segments, read back a part at a time.

    Rows wait as bytes, not as tuples, because Python's collector walks through all tuples that wait, again and again.
    """

    def __init__(self, path: Path) -> None:
        self.parts: list[list[bytes]] = [[] for _ in range(PARTS)]
        self._segments: list[list[tuple[int, int]]] = [[] for _ in range(PARTS)]
        self._file: IO[bytes] = path.open("w+b")
        self._end = 0

    def write(self) -> None:
        """Writes what waits. Raises MachineryError where the disk takes no more."""
        try:
            for rows, segments in zip(self.parts, self._segments, strict=True):
                if rows:
                    data = marshal.dumps(rows, _PLAIN_MARSHAL)
                    self._file.write(data)
                    segments.append((self._end, len(data)))
                    self._end += len(data)
                    rows.clear()
            self._file.flush()
        except OSError as error:
            raise MachineryError(f"{self._file.name}: {error.strerror or error}") from error

    def read(self, part: int) -> Iterator[Any]:
        """The rows of a part, in the order in which they were appended."""
        for start, length in self._segments[part]:
            self._file.seek(start)
            segment = marshal.loads(self._file.read(length))  # noqa: S302 - this process wrote it, for itself only
            yield from map(marshal.loads, segment)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _with_id(row: tuple[str, int, int, str | bytes, Any], times: Counter[bytes]) -> Laid:
    """The row under its id: the source's own, or the number of times so far that its key came up."""
    folded, position, line, key, payload = row
    if isinstance(key, str):
        return folded, position, line, key, payload
    times[key] += 1
    return folded, position, line, f"{key.hex()}-{times[key]}", payload


def _placed(rows: Iterable[Laid], places: array[int]) -> Iterator[Laid]:
    """The rows that no later one superseded, at the places that they have then."""
    for folded, position, line, external_id, payload in rows:
        if places[position] != _SUPERSEDED:
            yield folded, places[position], line, external_id, payload


def _end_of_member(group: list[Laid], size: int) -> int:
    """The end of the member whose rows hold the place `size` (or all, where that is the last one)."""
    end = size
    while end < len(group) and group[end][0] == group[end - 1][0]:
        end += 1
    return end
