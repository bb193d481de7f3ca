"""The demonstration programme: a book and two files of rows, invented and repeatable. Nobody in it exists.

`book_text()` gives the book; `members(seed, today)` and `contributions(seed, today)` give rows of text in the columns
of `MEMBER_COLUMNS` and `CONTRIBUTION_COLUMNS`, to be imported as any file is; `first_day(today)` is the day on which
the programme began. A history is made by evaluating it on each of `run_days(today)`, and by accepting the promotions
that wait on days up to `settled_until(today)`.
"""

from __future__ import annotations

from importlib.resources import files

from community.home.demo.people import first_day
from community.home.demo.rows import CONTRIBUTION_COLUMNS, MEMBER_COLUMNS, contributions, members
from community.home.demo.runs import reviewed_until, run_days, settled_until

__all__ = [
    "CONTRIBUTION_COLUMNS",
    "MEMBER_COLUMNS",
    "book_text",
    "contributions",
    "first_day",
    "members",
    "reviewed_until",
    "run_days",
    "settled_until",
]


def book_text() -> str:
    """The book of the programme `demo`, as YAML text."""
    return files(__package__).joinpath("book.yaml").read_text(encoding="utf-8")
