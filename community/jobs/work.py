"""What a room says of its jobs: a `Kind` with the function that does the work, given a `Work` at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from community.jobs import actions
from community.jobs.actions import Claim, NewJob
from community.kit.db import writing
from community.kit.settings import Settings


class Work:
    """A job at hand. Its effects and its end are one transaction: the one of `last`.

    A job that takes more than one transaction does the others in `step`. All are fenced: where the claim was lost
    meanwhile they raise LostError, and nothing is written.
    """

    def __init__(self, engine: AsyncEngine, settings: Settings, claimed: Claim) -> None:
        self.engine, self.settings, self.claimed = engine, settings, claimed
        self.ended = False
        self._parts: Sequence[NewJob] = ()
        self._kept: Mapping[str, Any] = {}

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the job was given."""
        return self.claimed.arguments

    @property
    def programme_id(self) -> int:
        """The programme that it is about. Raises ValueError for a job of the whole installation."""
        if self.claimed.programme_id is None:
            raise ValueError(f"a job {self.claimed.kind} without a programme")
        return self.claimed.programme_id

    @property
    def parts_are_done(self) -> bool:
        """Whether it was split before, and all its parts have ended."""
        return self.claimed.parts > 0

    @asynccontextmanager
    async def step(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is not the last."""
        async with writing(self.engine) as connection:
            yield connection
            await actions.hold(connection, self.claimed)

    @asynccontextmanager
    async def last(self) -> AsyncIterator[AsyncConnection]:
        """The transaction with which the job ends, or is split into parts where `split` was called in it."""
        async with writing(self.engine) as connection:
            yield connection
            if self._parts:
                await actions.split(connection, self.claimed, self._parts, {**self.arguments, **self._kept})
            else:
                await actions.finish(connection, self.claimed)
        self.ended = True

    def split(self, kind: str, parts: Sequence[Mapping[str, Any]], **kept: Any) -> None:
        """In `last`: the job does not end, but goes on when jobs of `kind`, one for each of `parts`, are done.

        What is `kept` joins its arguments until then.
        """
        if not parts:
            raise ValueError("a job is split into at least one part")
        self._kept = kept
        self._parts = [
            NewJob(kind, self.claimed.programme_id, dict(one), parent_id=self.claimed.ids[0]) for one in parts
        ]


class Kind(NamedTuple):
    """A kind of job. `heavy`: one of many ranges, of which a process does only a few side by side, and in their order;
    the others are short and do not wait for those. A try that takes longer than `seconds` counts as failed.
    """

    name: str
    work: Callable[[Work], Awaitable[None]]
    heavy: bool = False
    seconds: float = 600
    tries: int = 6


def by_name(*rooms: Sequence[Kind]) -> dict[str, Kind]:
    """All kinds of jobs by their names. Raises ValueError for a name that two have."""
    kinds: dict[str, Kind] = {}
    for kind in (kind for room in rooms for kind in room):
        if kinds.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"two kinds of jobs are named {kind.name}")
    return kinds
