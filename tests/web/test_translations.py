"""What people read on a page is there in French, too, and written as French is."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.checkers import num_plurals, python_format

from community.kit import folders, i18n
from tests import strings

TEMPLATES = folders.folder("templates")
READ_ALOUD = {"alt", "title", "placeholder", "aria-label", "aria-description", "data-away"}
NAMES = {"Community", "·"}
"""What is the same in every language."""


def translated() -> list[tuple[str, Message]]:
    return [(name, one) for name, each in strings.catalogues("fr").items() for one in each if one.id]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_string_is_there_in_french() -> None:
    assert [f"{one.place}: {one.key[1]}" for one in strings.missing("fr")] == []


def test_no_catalogue_keeps_what_nobody_says() -> None:
    said = {one.key for one in strings.strings()}
    kept = [(name, one.context, one.id if isinstance(one.id, str) else one.id[0]) for name, one in translated()]
    assert [one for one in kept if one[1:] not in said] == []


def test_a_string_stands_in_one_catalogue() -> None:
    keys = [(one.context, one.id) for _, one in translated()]
    assert [one for one in keys if keys.count(one) > 1] == []


@pytest.mark.parametrize(("name", "message"), translated(), ids=lambda one: str(getattr(one, "id", one))[:40])
def test_a_translation_is_whole(name: str, message: Message) -> None:
    catalogue = strings.catalogues("fr")[name]
    assert not message.fuzzy
    assert all(forms(message))
    python_format(catalogue, message)
    num_plurals(catalogue, message)
    english = message.id if isinstance(message.id, str) else message.id[0]
    for form in forms(message):
        assert set(re.findall(r"%\(\w+\)\w", form)) <= set(re.findall(r"%\(\w+\)\w", " ".join([english, *message.id])))


@pytest.mark.parametrize(("name", "message"), translated(), ids=lambda one: str(getattr(one, "id", one))[:40])
def test_french_is_written_as_french_is(name: str, message: Message) -> None:
    for form in forms(message):
        words = re.sub(r"%\(\w+\)\w|https?://\S+", "", form)
        assert "'" not in words, "the apostrophe is ’"
        assert '"' not in words, "guillemets are « »"
        assert not re.search(r"(?<!\u202f)[;!?](?!\w)", words), "a narrow no-break space stands before ; ! ?"
        assert not re.search(r"(?<!\u00a0):(?!\w)", words), "a no-break space stands before :"
        assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)»", words), "a no-break space stands inside « »"


class Untranslated(HTMLParser):
    """Collects what is read on a page and did not go through gettext."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        self.found += [value for name, value in attrs if name in READ_ALOUD and value and has_words(value)]

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style", "code", "kbd"} & set(self._inside) and has_words(data):
            self.found.append(data.strip())


def has_words(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2,}", text)) and text.strip() not in NAMES


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_template_speaks_past_gettext(file: Path) -> None:
    text = file.read_text("utf-8")
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    text = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", text, flags=re.S)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
    reader = Untranslated()
    reader.feed(text)
    assert reader.found == []


def test_what_the_test_of_templates_finds() -> None:
    reader = Untranslated()
    reader.feed('<p title="Bad">words <b>7</b><code>code</code></p><img alt="Picture"><script>let x</script>')
    assert reader.found == ["Bad", "words", "Picture"]


def test_english_is_what_stands_in_the_code() -> None:
    with i18n.speaking("en"):
        assert i18n.gettext("There is nothing here") == "There is nothing here"
        assert [i18n.ngettext("%(n)s point", "%(n)s points", count) for count in (0, 1, 2)] == [
            "%(n)s points", "%(n)s point", "%(n)s points",
        ]  # fmt: skip
    with i18n.speaking("xx"):
        assert i18n.language() == "en"
    with i18n.speaking("fr"):
        assert i18n.gettext("There is nothing here") == "Il n’y a rien ici"
        assert i18n.gettext("%(n)s nowhere") == "%(n)s nowhere"
