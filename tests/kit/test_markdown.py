"""Markdown of people: what comes through, and what never does."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.kit.markdown import ATTRIBUTES, RELATION, TAGS, html_of, plain_of

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://example.org/a.png)",
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,<script>)", "[x](vbscript:x)",
    "[x](//evil.example)", "[x](/account)", "[x](?done=1)", "<a href='javascript:x'>x</a>", "<https://ok.example>",
    "[x](https://ok.example 'title\" onclick=\"x')", "<svg/onload=alert(1)>", "# A heading", "A heading\n===",
    "```html\n<script>\n```", "`<b>`", "<!-- x -->", "&lt;script&gt;", "[x]: javascript:alert(1)\n\n[x]",
    "[x](https://a.example/\"onmouseover=alert(1))", "* * *", "<div hx-get=/x class=y style=z>", "[x](http://[::1)",
    "<javascript:alert(1)>", "[x](&#106;avascript:alert(1))", "[x](mailto:ada@example.org)",
)  # fmt: skip


class Seen(HTMLParser):
    """The elements of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def is_harmless(text: str) -> bool:
    for tag, attributes in Seen(html_of(text)).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        if "href" in attributes:
            assert attributes["href"].partition(":")[0].lower() in ("http", "https", "mailto")
            assert attributes["rel"] == RELATION
    return True


@pytest.mark.parametrize("text", HOSTILE)
def test_no_harm_comes_through(text: str) -> None:
    assert is_harmless(text)


@given(st.text(st.sampled_from("<>[]()!*_`#&;:/\\\"'= \nahrefjvsciptxdt\u202e"), max_size=200))
def test_no_harm_comes_through_whatever_is_written(text: str) -> None:
    assert is_harmless(text)


def test_what_is_meant_comes_through() -> None:
    text = "I *do* **things**.\n\n- one\n- [two](https://example.org/a?b=c&d)\n\n> said\n\n1. `x`"
    shown = html_of(text)
    for part in ("<em>do</em>", "<strong>things</strong>", "<li>one</li>", "<blockquote>", "<ol>", "<code>x</code>"):
        assert part in shown
    assert f'<a href="https://example.org/a?b=c&amp;d" rel="{RELATION}">two</a>' in shown
    assert plain_of(text) == "I do things. one two said x"


@pytest.mark.parametrize("text", [">" * 100_000, "*" * 100_000, "[" * 100_000, "- " * 50_000, "`" * 100_000])
def test_deep_text_is_read_in_bounded_time(text: str) -> None:
    began = time.perf_counter()
    html_of(text[:4_000])
    assert time.perf_counter() - began < 1
