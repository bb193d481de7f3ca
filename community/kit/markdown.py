"""Markdown that people write, as HTML that can do no harm (trust, item 39).

No HTML comes through, no picture is loaded, no heading breaks the order of the page, and links lead to http, https and
mailto only, without a word for search engines.
"""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

SCHEMES = frozenset({"http", "https", "mailto"})
TAGS = frozenset({"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "a"})
ATTRIBUTES = {"a": {"href"}}
RELATION = "nofollow noopener ugc"


def html_of(text: str) -> Markup:
    """The text as HTML, ready for a page."""
    cleaned = nh3.clean(
        _parser().render(text),
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=set(SCHEMES),
        link_rel=RELATION,
    )
    return Markup(cleaned)  # noqa: S704 - cleaned just now


def plain_of(text: str) -> str:
    """The words alone, in one line: for descriptions."""
    return " ".join(Markup(_parser().render(text)).striptags().split())  # noqa: S704 - read for its words only


def _kept(_tag: str, name: str, value: str) -> str | None:
    """A link is kept where it says where it leads: no path of ours, no other scheme; beside it only our own word."""
    if name != "href":
        return value if name == "rel" else None
    try:
        return value if urlsplit(value).scheme.lower() in SCHEMES else None
    except ValueError:
        return None


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).disable(["image", "heading", "lheading", "hr"])
