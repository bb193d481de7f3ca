"""Text that comes in: what is refused, what is made one, and the fold by which handles are told apart."""

from __future__ import annotations

import re
import unicodedata

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("[\t\r\n\u2028\u2029]+")
_SPACE_OR_CONTROL = re.compile("[\\s\x00-\x1f\x7f-\x9f]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

HANDLE_CHARACTERS = 100
EXCERPT_CHARACTERS = 100


def fold(handle: str) -> str:
    """The form by which handles are told apart: NFKC, then case folded (rulebook, section 2)."""
    if handle.isascii():
        return handle.lower()
    return unicodedata.normalize("NFKC", handle).casefold()


def line_of(text: str) -> str:
    """One line of text: trimmed, NFC, line breaks and tabs inside as spaces.

    Raises ValueError for NUL and other control characters, and for half of a surrogate pair.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return _BREAKS.sub(" ", block_of(text))


def block_of(text: str) -> str:
    """Text of several lines: trimmed, NFC, every line end as a line feed. Raises ValueError as `line_of` does."""
    found = _REFUSED.search(text)
    if found:
        raise ValueError(f"has the character U+{ord(found[0]):04X}; accepted: text without control characters")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def handle_of(text: str) -> str:
    """A handle, trimmed and NFC. Raises ValueError unless it has 1 to 100 characters, no white space, no controls."""
    if not (text.isascii() and text.isalnum()):
        text = block_of(text)
        if _SPACE_OR_CONTROL.search(text):
            raise ValueError("accepted: a handle without white space")
    if not text:
        raise ValueError("a handle is required")
    if len(text) > HANDLE_CHARACTERS:
        raise ValueError(f"has {len(text)} characters; accepted: 1 to {HANDLE_CHARACTERS}")
    return text


def excerpt(value: object) -> str:
    """What stood there, for a message: at most 100 characters, and such that every output can show it."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > EXCERPT_CHARACTERS:
        text = text[: EXCERPT_CHARACTERS - 1] + "…"
    return printable(text)


def printable(text: str) -> str:
    """The text such that every output can show it on one line: controls and half surrogates as escapes."""
    return text if text.isprintable() else _UNPRINTABLE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
