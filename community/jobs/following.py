"""The unit of work's last act: what happened, turned by FLOW into job rows in the same transaction, told after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from community.jobs import actions
from community.jobs.actions import NewJob, Told
from community.kit.db import Happened

RECORDS_AT_ONCE = 500
"""Records that one job is given at most."""


class Messenger(Protocol):
    """Who tells those who run jobs of new ones, as well as it can: the rows are there, a sweep finds them too."""

    async def tell(self, told: Sequence[Told]) -> None:
        """Tells of jobs; raises nothing."""


class Silent:
    """Tells nobody: where jobs are found by the sweeps alone."""

    async def tell(self, told: Sequence[Told]) -> None:
        """Nothing to do."""


class Following:
    """Follows what happens by `flow` ({verb: kinds of jobs}); kinds in `by_record` are given the ids of the records."""

    def __init__(self, flow: Mapping[str, Sequence[str]], by_record: frozenset[str], messenger: Messenger) -> None:
        self._flow, self._kinds_by_record, self._messenger = flow, by_record, messenger
        self.by_record = frozenset(verb for verb, kinds in flow.items() if by_record.intersection(kinds))

    async def before_commit(self, connection: AsyncConnection, happened: Happened) -> None:
        """Adds the jobs that follow: one of a kind and programme, or one for some records."""
        await actions.add(connection, [*self._once(happened), *self._for_records(happened)])

    def _once(self, happened: Happened) -> list[NewJob]:
        follows = {
            (kind, programme_id)
            for verb, programme_id in happened.verbs
            for kind in self._flow.get(verb, ())
            if kind not in self._kinds_by_record
        }
        ordered = sorted(follows, key=lambda one: (one[0], one[1] or 0))
        return [NewJob(kind, programme_id, key=f"{kind}:{programme_id or ''}") for kind, programme_id in ordered]

    def _for_records(self, happened: Happened) -> list[NewJob]:
        ids: dict[tuple[str, int | None], list[int]] = {}
        for verb, programme_id, record_id in happened.records:
            for kind in self._flow[verb]:
                if kind in self._kinds_by_record:
                    ids.setdefault((kind, programme_id), []).append(record_id)
        return [
            NewJob(kind, programme_id, {"records": listed[start : start + RECORDS_AT_ONCE]})
            for (kind, programme_id), listed in sorted(ids.items(), key=lambda one: one[0][0])
            for start in range(0, len(listed), RECORDS_AT_ONCE)
        ]

    async def after_commit(self, told: Sequence[Told]) -> None:
        """Tells whoever runs jobs."""
        await self._messenger.tell(told)
