"""From the text of a book to the book: everything that is wrong with it, all at once (rulebook, section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from community.kit.errors import InputRefused, Problem
from community.programmes.book import Book
from community.programmes.checks import check
from community.programmes.document import Document, Finding, path_text, read_document
from community.programmes.lint import lint
from community.programmes.normal import BookWarning, normalise
from community.programmes.structure import MOST_ERRORS, read_structure


class BookRefused(InputRefused):
    """The text is no book: `problems` says where, what was found and what would be accepted."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A valid book, and what is suspicious about it."""

    book: Book
    warnings: tuple[BookWarning, ...]


def parse(text: str | bytes, filename: str) -> Parsed:
    """Reads a book. Raises BookRefused with every problem; `filename` is what the problems name as their file."""
    document = read_document(text)
    findings = list(document.findings)
    if document.cut_short or document.value is None or len(findings) >= MOST_ERRORS:
        raise _refused(document, findings, filename)
    warnings = normalise(document)
    readable, structural = read_structure(document)
    findings += structural
    findings += check(readable)
    if findings:
        raise _refused(document, findings, filename)
    book = readable.book
    warnings += (BookWarning(path_text(one.path), document.line(one.path), one.text) for one in lint(book))
    return Parsed(book, tuple(warnings))


def _refused(document: Document, findings: list[Finding], filename: str) -> BookRefused:
    problems = [
        Problem(path_text(one.path), one.found, one.accepted, one.line or document.line(one.path), filename)
        for one in findings
    ]
    problems.sort(key=lambda problem: problem.line or 0)
    return BookRefused(problems[:MOST_ERRORS])
