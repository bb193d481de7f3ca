"""Links that come in."""

from __future__ import annotations

import re

URL_CHARACTERS = 2_000
_ACCEPTED = f"accepted: http:// or https:// with a host, at most {URL_CHARACTERS} characters"
_LINK = re.compile(
    r"https?://"
    r"(?:[^\s/?#@\\]*@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|(?=[^/?#:]*\w)[^\s/?#:@\[\]\\<>\"'`{}|^,;()*+=!$&%]+)"
    r"(?::\d{0,5})?"
    r"(?:[/?#].*)?",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*(?:/[!-~]*)?")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[^\\S ]")


def normalise_url(text: str) -> str:
    """The link, trimmed, a space inside as `%20`. Raises ValueError for anything that is not http(s) with a host."""
    url = text.strip()
    if _PLAIN.fullmatch(url) and len(url) <= URL_CHARACTERS:
        return url
    if _FORBIDDEN.search(url):
        raise ValueError(f"has a control character or white space other than a space; {_ACCEPTED}")
    url = url.replace(" ", "%20") if _host_ends_before_space(url) else url
    if len(url) > URL_CHARACTERS:
        raise ValueError(f"has {len(url)} characters; {_ACCEPTED}")
    if not _LINK.fullmatch(url):
        raise ValueError(f"not a link; {_ACCEPTED}")
    return url


def _host_ends_before_space(url: str) -> bool:
    """Whether the first space stands behind the host: only there it can be meant as part of the link."""
    space = url.find(" ")
    if space < 0:
        return False
    authority = re.match(r"https?://[^/?#]*", url, re.IGNORECASE)
    return authority is not None and authority.end() <= space
