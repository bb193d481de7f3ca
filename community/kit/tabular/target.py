"""Where a table goes: a file that appears only when it is whole, or a stream as it comes."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from community.kit.errors import CommunityError, MachineryError, UsageError

Target = Path | BinaryIO
Result = TypeVar("Result")

_WRONG_PLACE = frozenset(
    {
        errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EROFS, errno.ENAMETOOLONG,
        errno.ELOOP, errno.ETXTBSY,
    }
)  # fmt: skip


class Sink:
    """A binary file whose failures say which file it was. Other errors in its block keep their own meaning."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name

    def write(self, data: bytes) -> int:
        """Writes bytes. Raises UsageError or MachineryError."""
        return self._told(lambda: self._file.write(data))

    def flush(self) -> None:
        """Hands what was written to the system. Raises UsageError or MachineryError."""
        self._told(self._file.flush)

    def settle(self) -> None:
        """What was written is on the disk after this. Raises UsageError or MachineryError."""
        self.flush()
        self._told(lambda: os.fsync(self._file.fileno()))

    def seekable(self) -> bool:
        """Whether `seek` and `tell` work."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place; answers where that is."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place where the next byte goes."""
        return self._file.tell()

    def _told(self, act: Callable[[], Result]) -> Result:
        try:
            return act()
        except OSError as error:
            raise failure(self.name, error) from error


@contextmanager
def opened(target: Target) -> Iterator[Sink]:
    """The target, open for writing.

    A path is written beside itself and renamed at the end of the block; after an error nothing of it is left, and a
    file that was there before is as it was. What is no regular file (a pipe, a device) is written as it stands.
    """
    if not isinstance(target, Path):
        sink = Sink(target, getattr(target, "name", None) or "the stream")
        yield sink
        sink.flush()
    elif _is_special(target):
        with _opened(target, target, os.O_WRONLY) as sink:
            yield sink
            sink.flush()
    else:
        with _replacing(target) as sink:
            yield sink


@contextmanager
def _replacing(target: Path) -> Iterator[Sink]:
    final = Path(os.path.realpath(target))
    part = final.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with _opened(target, part, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as sink:
            yield sink
            sink.settle()
        _rename(target, part, final)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def _opened(named: Path, path: Path, flags: int) -> Iterator[Sink]:
    try:
        file = os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666), "wb")
    except OSError as error:
        raise failure(str(named), error) from error
    try:
        yield Sink(file, str(named))
    finally:
        with suppress(OSError):  # closing flushes; where that fails, so did the flush before, which told
            file.close()


def _rename(named: Path, part: Path, final: Path) -> None:
    try:
        if final.exists():
            part.chmod(stat.S_IMODE(final.stat().st_mode))
        part.replace(final)
    except OSError as error:
        raise failure(str(named), error) from error


def _is_special(path: Path) -> bool:
    """Something that is there and is no regular file. Raises UsageError for a folder, or where no one may look."""
    try:
        if path.is_dir():
            raise UsageError(f"{path}: found a folder; accepted: a file")
        return path.exists() and not path.is_file()
    except OSError as error:
        raise failure(str(path), error) from error


def failure(name: str, error: OSError) -> CommunityError:
    """What to tell about a file that could not be written: a wrong place is the caller's, the rest the machine's."""
    reason = error.strerror or str(error)
    if error.errno in _WRONG_PLACE:
        return UsageError(f"{name}: cannot be written: {reason}; accepted: a file in a folder that takes it")
    return MachineryError(f"{name}: writing failed: {reason}; the file was not made")
