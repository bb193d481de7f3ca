"""Values that come in: text, handles, links, languages, countries, numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.kit.cells import boolean_of, decimal_of, text_of, whole_number_of
from community.kit.languages import normalise_language
from community.kit.places import normalise_country
from community.kit.text import block_of, excerpt, fold, handle_of, line_of
from community.kit.urls import normalise_url


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ADA"), ("straße", "STRASSE"), ("ﬁn", "FIN"), ("Ａｄａ", "ada"), ("Jose\u0301", "jos\u00e9")],
)
def test_handles_that_differ_in_case_or_width_only_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_folding_plain_text_is_lower_case(text: str) -> None:
    assert fold(text) == text.casefold()


@pytest.mark.parametrize("handle", ["", "  ", "a b", "a\u00a0b", "a\tb", "a\x00b", "a\x7f", "x" * 101, "\ud800"])
def test_what_is_no_handle_is_refused(handle: str) -> None:
    with pytest.raises(ValueError):
        handle_of(handle)


def test_a_handle_of_a_hundred_characters_of_any_script_is_taken() -> None:
    assert handle_of("末" * 100) == "末" * 100
    assert handle_of(" u_274be3337f97 ") == "u_274be3337f97"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud83d", "\uffff"])
def test_control_characters_and_half_surrogates_are_refused(character: str) -> None:
    with pytest.raises(ValueError, match=r"U\+"):
        line_of(f"a{character}b")
    with pytest.raises(ValueError, match=r"U\+"):
        block_of(f"a{character}b")


def test_text_is_trimmed_and_composed_and_one_line_stays_one() -> None:
    assert line_of("  Le\u0301a\r\n parle\t") == "Léa  parle"
    assert block_of("one\r\ntwo\rthree\n") == "one\ntwo\nthree"
    assert line_of("right \u202e to left, 👩‍🚀") == "right \u202e to left, 👩‍🚀"


@given(st.text())
def test_an_excerpt_can_always_be_shown(text: str) -> None:
    shown = excerpt(text + "\ud800\x00")
    assert len(shown.encode()) > 0
    assert "\n" not in shown
    assert "\x00" not in shown


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://example.org/a b?c=d e", "https://example.org/a%20b?c=d%20e"),
        (" http://example.org ", "http://example.org"),
        ("HTTPS://Example.ORG:8080/Ü#x", "HTTPS://Example.ORG:8080/Ü#x"),
        ("https://例え.jp/", "https://例え.jp/"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/"),
        ("https://example.org?q=1", "https://example.org?q=1"),
        ("https://example.org/" + "a" * 1980, "https://example.org/" + "a" * 1980),
    ],
)
def test_links_with_a_host_are_taken(given_: str, kept: str) -> None:
    assert normalise_url(given_) == kept


@pytest.mark.parametrize(
    "link",
    [
        "example.org", "ftp://example.org", "javascript:alert(1)", "http://", "https:///path", "http:/example.org",
        "http://user@", "http://:80/", "https://exa mple.org/", "https://example.org/a\nb", "https://example.org/\x00",
        "https://.../", "mailto:ada@example.org", "https://example.org/" + "a" * 1981,
        "https://example.org/" + " " * 700, "https://exa\u00a0mple.org",
    ],
)  # fmt: skip
def test_anything_else_is_no_link(link: str) -> None:
    with pytest.raises(ValueError, match="accepted: http"):
        normalise_url(link if not link.endswith(" ") else f"{link}x")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("fra", "fr"), ("FR", "fr"), ("French", "fr"), ("zho", "zh"), ("eus", "eu"), ("en_US", "en-US"), ("iw", "he"),
        ("Brazilian Portuguese", "pt-BR"), ("greek", "el"), (" de ", "de"),
    ],
)  # fmt: skip
def test_languages_become_their_shortest_tag(text: str, tag: str) -> None:
    assert normalise_language(text) == (tag, True)


@pytest.mark.parametrize("text", ["cn", "jp", "", "en-a", "Elbonian", "x" * 1000])
def test_a_language_that_is_not_known_stays_as_it_is(text: str) -> None:
    assert normalise_language(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FR", "FR"), ("fra", "FR"), ("France", "FR"), ("UK", "GB"), ("England", "GB"), ("United Kingdom", "GB"),
        ("USA", "US"), ("U.S.", "US"), ("The Netherlands", "NL"), ("Brasil", "BR"), ("Perú", "PE"), ("Turkey", "TR"),
        ("Türkiye", "TR"), ("Côte d'Ivoire", "CI"), ("Ivory Coast", "CI"), ("Russian Federation", "RU"),
        ("Bosnia and Herzegovina", "BA"), ("AND", "AD"), ("Mexico.", "MX"), ("Kosovo", "XK"), ("Korea", "KR"),
    ],
)  # fmt: skip
def test_countries_become_two_letters(text: str, code: str) -> None:
    assert normalise_country(text) == (code, True)


@pytest.mark.parametrize("text", ["EU", "Illinois", "", "the", "ZZ", "SU", "United Kingodom", "x" * 1000])
def test_a_country_that_is_not_known_stays_as_it_is(text: str) -> None:
    assert normalise_country(text) == (text, False)


@pytest.mark.parametrize(("text", "number"), [("2223", 2223), ("2223.0", 2223), ("-5", -5), ("+7.000", 7), ("007", 7)])
def test_whole_numbers(text: str, number: int) -> None:
    assert whole_number_of(text) == number


@pytest.mark.parametrize("text", ["2223.5", "1,000", "1e3", "", "-", "٣", "9" * 30, "1000000000001", "nan"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: a whole number"):
        whole_number_of(text)


@pytest.mark.parametrize(("text", "number"), [("12.5", "12.5"), ("1.5000", "1.5"), ("100", "100"), ("-0.0", "0")])
def test_decimals_are_exact_and_canonical(text: str, number: str) -> None:
    assert format(decimal_of(text), "f") == number
    assert decimal_of(text) == Decimal(number)


@pytest.mark.parametrize("text", ["1.2345", "1,5", "inf", "NaN", "1e3", "9" * 20])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted: a number"):
        decimal_of(text)


def test_booleans_in_any_case() -> None:
    assert [boolean_of(text) for text in ("true", "YES", "1")] == [True] * 3
    assert [boolean_of(text) for text in ("False", "no", "0")] == [False] * 3
    with pytest.raises(ValueError, match="accepted: true, false"):
        boolean_of("on")


def test_values_of_json_and_python_read_as_the_text_of_a_file() -> None:
    values = (None, True, 12, 1.5, Decimal("2.50"), "x")
    assert [text_of(value) for value in values] == ["", "true", "12", "1.5", "2.50", "x"]
    with pytest.raises(ValueError, match="accepted: one text"):
        text_of(["a"])
