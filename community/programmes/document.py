"""A YAML file of the book format as plain values, with the line of each (rulebook, section 1).

YAML 1.2: a plain `true` or `false` is a boolean, whole numbers and decimals are exact, everything else is text; so are
all keys. Anchors, aliases, tags, duplicate keys, several documents and empty values are refused, all at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import yaml

Path = tuple[str | int, ...]

MOST_BYTES: Final = 1_000_000
DEEPEST: Final = 60
"""Levels of maps and lists; the deepest requirement needs some twenty, a condition may take more."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_DECIMAL: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_REFUSED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path: what stood there and what would be taken, in words.

    `rule` names the check; those of the format itself are `structure`, and the JSON Schema knows them too.
    """

    path: Path
    found: str
    accepted: str
    rule: str = "structure"
    line: int | None = None


@dataclass(slots=True)
class Document:
    """The values of a file, the line of each path, and what was wrong with the YAML itself.

    `blank` are the paths at which no value could be read, so that nothing more is to be said of them; where reading was
    `cut_short`, nothing can be said of the values at all.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    blank: set[Path] = field(default_factory=set)
    cut_short: bool = False

    def line(self, path: Path) -> int | None:
        """The line of a path, or of the nearest part around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def at(self, path: Path) -> Any:
        """The value at a path; None where there is none."""
        value = self.value
        for step in path:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
        return value


def path_text(path: Iterable[str | int]) -> str:
    """`tiers[1].gain.all[0].window`."""
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return written.removeprefix(".") or "the file"


def described(value: Any) -> str:
    """A value in words, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _shortened("a map with " + (", ".join(str(key) for key in value) or "no key"))
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        return f"the text {_shortened(value)!r}"
    return f"the number {_shortened(str(value))}"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def read_document(text: str | bytes) -> Document:
    """Reads a file. What is wrong with its YAML stands in `findings`; the values are as good as could be read."""
    source = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    document = Document()
    if len(source) > MOST_BYTES:
        document.findings.append(Finding((), f"{len(source)} bytes", f"a file of at most {MOST_BYTES} bytes"))
        return document
    try:
        decoded = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        document.findings.append(Finding((), "bytes that are not UTF-8", "text in UTF-8", line=line))
        return document
    _Builder(document).build(decoded)
    return document


class _UnreadableError(Exception):
    """What follows cannot be read in a useful way; reading ends there."""


@dataclass(slots=True)
class _Open:
    """A map or list that is being read; `key` is the key that waits for its value."""

    path: Path
    value: dict[str, Any] | list[Any]
    line: int
    key: str | None = None


class _Builder:
    """Builds the values from the events of the YAML parser, without recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[_Open] = []
        self.documents = 0

    def build(self, text: str) -> None:
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            self._broken(error)
            self.document.cut_short = True
        except _UnreadableError:
            self.document.cut_short = self.documents == 1
        if not self.document.findings and self.document.value is None:
            self._finding((), "an empty file", "a book: format, programme, contribution_types, …", 1)

    def _broken(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        found = f"{context}: {problem}" if context else str(problem)
        self._finding((), found, "YAML 1.2", mark.line + 1 if mark else None)

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._blank(f"the alias *{event.anchor}", "the value itself", line)
            self._place("", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_marks(event, line)
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check_marks(event, line)
            self._start_collection({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()

    def _start_document(self, event: Any, line: int) -> None:
        self.documents += 1
        if self.documents == 2:
            self._finding((), "a second document", "one document", line)
            raise _UnreadableError
        if event.version and event.version != (1, 2):
            self._finding((), f"%YAML {event.version[0]}.{event.version[1]}", "%YAML 1.2, or no such line", line)
        if event.tags:
            self._finding((), "a %TAG line", "no tags", line)

    def _check_marks(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self._finding(self._path(), f"the anchor &{event.anchor}", "the value without an anchor", line)
        if event.tag is not None:
            self._finding(self._path(), f"the tag {event.tag}", "the value without a tag", line)

    def _scalar(self, event: Any, line: int) -> None:
        text = unicodedata.normalize("NFC", event.value)
        wrong = _REFUSED.search(text)
        if wrong:
            found = f"the character U+{ord(wrong[0]):04X}"
            self._finding(self._path(), found, "text without control characters", line)
            text = _REFUSED.sub("�", text)
        if self._waits_for_key():
            self._key(text, line)
            return
        value = _resolved(text) if event.implicit[0] and event.style in (None, "") else text
        if value is None:
            self._blank("nothing", "a value, or the key left out", line)
        self._place(value, line)

    def _waits_for_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def _key(self, text: str, line: int) -> None:
        top = self.open[-1]
        top.key = text
        if text in top.value:
            self._finding((*top.path, text), f"the key `{text}` twice", "each key once", line)
        else:
            self.document.lines[(*top.path, text)] = line

    def _start_collection(self, value: dict[str, Any] | list[Any], line: int) -> None:
        path = self._path()
        if self._waits_for_key():
            self._finding(path, "a map or list as a key", "a text as a key", line)
            raise _UnreadableError
        self._place(value, line)
        self.open.append(_Open(path, value, line))
        if len(self.open) > DEEPEST:
            self._finding(path, f"more than {DEEPEST} levels", f"at most {DEEPEST} levels of maps and lists", line)
            raise _UnreadableError

    def _path(self) -> Path:
        """Where the next value comes to stand."""
        if not self.open:
            return ()
        top = self.open[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return top.path if top.key is None else (*top.path, top.key)

    def _place(self, value: Any, line: int) -> None:
        path = self._path()
        self.document.lines.setdefault(path, line)
        if not self.open:
            self.document.value = value
            return
        top = self.open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None

    def _blank(self, found: str, accepted: str, line: int) -> None:
        path = self._path()
        self.document.blank.add(path)
        self._finding(path, found, accepted, line)

    def _finding(self, path: Path, found: str, accepted: str, line: int | None) -> None:
        self.document.findings.append(Finding(path, found, accepted, line=line))


def _resolved(text: str) -> Any:
    """A plain scalar: nothing, true, false, a whole number, a Decimal, or text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _DECIMAL.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    return text
