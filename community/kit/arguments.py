"""Arguments and options that many commands share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer


def read_day(text: str) -> date:
    """The day that an option names. Raises BadParameter for anything but YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}; accepted: a day such as 2026-11-02") from None


Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The programme's slug.")]
Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="A member's handle, in any case.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
AsOf = Annotated[
    date | None, typer.Option("--as-of", metavar="DATE", parser=read_day, help="The day to reckon for; default: today.")
]
Day = Annotated[date | None, typer.Option("--day", metavar="DATE", parser=read_day, help="The day; default: today.")]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="A reason, kept with the record.")]
NeededNote = Annotated[str, typer.Option("--note", metavar="TEXT", help="The reason, kept with the record.")]
