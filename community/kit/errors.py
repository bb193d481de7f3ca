"""The errors that people see. Each says where, what was found and what is accepted.

CommunityError
├── UsageError          the call itself is wrong (exit 2)
│   └── NotFound        an unknown programme, handle, board … (exit 2)
├── InputRefused        the input has problems, all of them listed (exit 1)
├── Conflict            what was asked does not fit the present state (exit 1)
├── TooMany             it was asked for too often (exit 1)
├── SignInFirst         whoever asks must say again who they are (exit 1)
└── MachineryError      the database is away, the disk is full … (exit 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CommunityError(Exception):
    """An error with a message for people; `exit_status` is what the command line ends with."""

    exit_status = 1


class UsageError(CommunityError):
    """The call is wrong: an option, a name, a combination."""

    exit_status = 2


class NotFound(UsageError):
    """Something named in the call does not exist."""


class Conflict(CommunityError):
    """The present state does not allow what was asked; nothing was changed."""


class TooMany(CommunityError):
    """It was asked for too often; `wait_seconds` says when there is a point in asking again."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(f"asked for too often; again in {wait_seconds} s")
        self.wait_seconds = wait_seconds


class SignInFirst(CommunityError):
    """Whoever asks must sign in, or say again who they are, before this is done."""


class MachineryError(CommunityError):
    """What the work needs is away: database, disk."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in an input.

    `where` names the file, `line` counts from 1 (None where there is none), `path` is the place inside
    (`tiers[1].gain`, a column), `found` what stood there, `accepted` what would be taken.
    """

    path: str
    found: str
    accepted: str
    line: int | None = None
    where: str = ""

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"{place}: {self.path}: found {self.found}; accepted: {self.accepted}"


class InputRefused(CommunityError):
    """An input with problems; all of them at once, nothing was stored."""

    def __init__(self, problems: Sequence[Problem], message: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(message or "\n".join(str(problem) for problem in self.problems))
