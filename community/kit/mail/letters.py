"""Letters: what a mail says, once, from which the text and the HTML are made by `templates/mail/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment

from community.kit import i18n
from community.kit.text import line_of


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says: paragraphs, what to do (a label and a link), and what is said below it."""

    subject: str
    paragraphs: Sequence[str]
    label: str = ""
    link: str = ""
    below: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as written: to whom, and what it says, as text and as HTML."""

    address: str
    name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


def letter(address: str, name: str, words: Words, headers: Mapping[str, str] | None = None) -> Letter:
    """The letter in the language at work (`i18n.speaking`)."""
    values = {"words": words, "name": name, "language": i18n.language()}
    text, html = (_templates().get_template(f"mail/letter.{kind}").render(values) for kind in ("txt", "html"))
    return Letter(address, line_of(name), line_of(words.subject), text, html, headers or {})


def _templates() -> Environment:
    from community.kit.web.pages import environment  # the web takes long to load, and commands that write nothing wait

    return environment()
