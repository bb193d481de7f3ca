"""The strings that people read on pages: found in templates and code, held against the catalogues.

`python -m tests.strings` prints what French lacks, ready to be put into `community/kit/locale/fr/ROOM.po`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from community.kit import folders, i18n

KEYWORDS = {
    "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
JINJA = {"encoding": "utf-8", "trimmed": "true", "newstyle_gettext": "true", "silent": "false"}

Key = tuple[str | None, str]
"""Context and English text, of two forms the one for one."""


@dataclass(frozen=True)
class Found:
    """A string in the code or in a template: where, and its form for many where there is one."""

    key: Key
    many: str | None
    place: str
    room: str


def strings() -> Iterator[Found]:
    """Every string that goes through gettext."""
    templates = folders.folder("templates")
    for file in sorted(templates.rglob("*.html")) + sorted(templates.rglob("*.txt")):
        yield from _of("jinja2.ext:babel_extract", file, templates, dict(JINJA))
    for file in sorted(folders.PACKAGE.rglob("*.py")):
        yield from _of("python", file, folders.PACKAGE, {})


def _of(method: str, file: Path, root: Path, options: dict[str, str]) -> Iterator[Found]:
    for line, message, _comments, context in extract_from_file(method, file, keywords=KEYWORDS, options=options):
        forms = message if isinstance(message, tuple) else (message,)
        where = file.relative_to(root)
        yield Found((context, forms[0]), forms[1] if len(forms) > 1 else None, f"{where}:{line}", where.parts[0])


def catalogues(language: str) -> dict[str, Catalog]:
    """The catalogues of a language by the name of their file."""
    found = {}
    for file in sorted((i18n.FOLDER / language).glob("*.po")):
        with file.open("rb") as opened:
            found[file.name] = read_po(opened, locale=language, abort_invalid=True)
    return found


def missing(language: str) -> list[Found]:
    """Strings without a translation, each once."""
    known = {(one.context, _first(one.id)) for each in catalogues(language).values() for one in each if one.string}
    return list({one.key: one for one in strings() if one.key not in known}.values())


def _first(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _entry(one: Found) -> str:
    context = f"msgctxt {_quoted(one.key[0])}\n" if one.key[0] else ""
    if one.many is None:
        return f'#: {one.place}\n{context}msgid {_quoted(one.key[1])}\nmsgstr ""\n'
    forms = f'msgid {_quoted(one.key[1])}\nmsgid_plural {_quoted(one.many)}\nmsgstr[0] ""\nmsgstr[1] ""\n'
    return f"#: {one.place}\n{context}{forms}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def main() -> None:
    """Prints what French lacks, by the room that it belongs to."""
    for room in sorted({one.room for one in missing("fr")}):
        sys.stdout.write(f"\n# ---- {room}\n\n")
        sys.stdout.write("\n".join(_entry(one) for one in missing("fr") if one.room == room))


if __name__ == "__main__":
    main()
