"""Templates of pages and letters, in the language at work."""

from __future__ import annotations

from datetime import date
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from community.kit import folders, i18n


@cache
def environment() -> Environment:
    """The templates of this process.

    Everything is escaped, whatever a template is called, and a name that is missing is an error.
    """
    made = Environment(
        loader=FileSystemLoader(folders.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext, npgettext=i18n.npgettext
    )
    made.filters.update(number=i18n.number, percent=i18n.percent, listed=i18n.listed, day=_day)
    return made


def _day(value: date, form: str = "long") -> str:
    return i18n.day(value, form)
