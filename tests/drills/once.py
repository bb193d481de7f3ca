"""What must hold after each drill, whatever was killed, stopped or told twice: every effect is there, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from community.kit import db
from community.notices.rules import TOLD

Rows = list[tuple[Any, ...]]


class Look:
    """Reads a database again and again; ids of programmes are found by their slugs."""

    def __init__(self, database_url: str) -> None:
        self._loop = asyncio.Runner()
        self._engine = db.create_engine(database_url, 1)

    def rows(self, statement: str, **values: Any) -> Rows:
        """The rows of a SELECT, in an order of their own; asked once more where the server was restarted meanwhile."""
        try:
            return self._loop.run(self._rows(statement, values))
        except DBAPIError:
            return self._loop.run(self._rows(statement, values))

    def number(self, statement: str, **values: Any) -> int:
        """The one number that a SELECT answers."""
        [[found]] = self.rows(statement, **values)
        return int(found or 0)

    async def _rows(self, statement: str, values: dict[str, Any]) -> Rows:
        async with db.reading(self._engine) as connection:
            found = await connection.execute(text(statement), values)
            return sorted((tuple(row) for row in found), key=repr)

    def sessions(self) -> Rows:
        """What each PostgreSQL session does, and for how long, for whoever looks into a drill that failed."""
        if self._engine.dialect.name == "sqlite":
            return []
        return self.rows(
            "SELECT pid, state, wait_event_type, wait_event, now() - state_change, now() - xact_start, "
            "left(query, 200), pg_blocking_pids(pid) FROM pg_stat_activity WHERE datname = current_database()"
        )

    def close(self) -> None:
        """Closes the connection."""
        self._loop.run(self._engine.dispose())
        self._loop.close()


@dataclass(frozen=True)
class Effects:
    """What follows from what happened in a programme, without ids, instants and ledger positions."""

    contributions: Rows
    sums: Rows
    standings: Rows
    decisions: Rows
    messages: Rows
    values: Rows


_OF_MEMBER = "JOIN member m ON m.programme_id = x.programme_id AND m.id = x.member_id"
_OF_PROGRAMME = "WHERE x.programme_id = (SELECT id FROM programme WHERE slug = :slug)"
_STATEMENTS = {
    "contributions": f"""
        SELECT x.source, x.external_id, m.handle, x.type, x.title, x.occurred_on, x.state, x.price, x.priced_by
        FROM contribution x {_OF_MEMBER} {_OF_PROGRAMME}""",
    "sums": f"""
        SELECT m.handle, x.type, sum(x.points), sum(x.balance), sum(x.contributions), sum(x.reach)
        FROM entry x {_OF_MEMBER} {_OF_PROGRAMME} GROUP BY m.handle, x.type""",
    "standings": f"SELECT m.handle, x.tier, x.decisions FROM standing x {_OF_MEMBER} {_OF_PROGRAMME}",
    "decisions": f"""
        SELECT m.handle, x.number, x.from_tier, x.to_tier, x.version, x.decided_by
        FROM decision x {_OF_MEMBER} {_OF_PROGRAMME}""",
    # of a bulk of approvals there is one record, which tells nobody: that depends on how they were made
    "messages": f"""
        SELECT m.handle, x.recipient, x.verb FROM message x {_OF_MEMBER} {_OF_PROGRAMME}
        AND x.verb NOT LIKE 'contribution.%'""",
    "values": f"""
        SELECT m.handle, x.board, x.value, x.contributions FROM board_value x {_OF_MEMBER} {_OF_PROGRAMME}""",
}


LEFT = "SELECT count(*) FROM job WHERE state IN ('waiting', 'running', 'split')"


def effects(look: Look, slug: str) -> Effects:
    """What a programme holds. Sums are numbers of one kind, whatever the database answers."""
    found = {name: look.rows(statement, slug=slug) for name, statement in _STATEMENTS.items()}
    found["sums"] = [(*row[:2], *map(int, row[2:])) for row in found["sums"]]
    found["contributions"] = [tuple(map(str, row)) for row in found["contributions"]]
    return Effects(**found)


def left_to_do(look: Look) -> int:
    """How many jobs have neither ended nor are dead."""
    return look.number(LEFT)


def assert_each_once(look: Look, slug: str) -> None:
    """No job is left or dead; decisions of a member are a chain without gaps; each record told is one message."""
    assert look.rows("SELECT kind, state, error FROM job WHERE state <> 'done'") == []
    chains: dict[str, list[tuple[Any, ...]]] = {}
    for row in look.rows(_STATEMENTS["decisions"], slug=slug):
        chains.setdefault(row[0], []).append(row[1:4])
    for handle, steps in chains.items():
        steps.sort()
        assert [step[0] for step in steps] == list(range(1, len(steps) + 1)), handle
        assert [step[1] for step in steps] == [None, *(step[2] for step in steps[:-1])], handle
    ends = {handle: (steps[-1][2], len(steps)) for handle, steps in chains.items()}
    stand = {row[0]: row[1:] for row in look.rows(_STATEMENTS["standings"], slug=slug)}
    assert {handle: end for handle, end in stand.items() if end[1]} == ends
    asked = look.rows(
        f"SELECT x.verb, x.id, x.quiet FROM record x {_OF_PROGRAMME} AND x.member_id IS NOT NULL", slug=slug
    )
    told = look.rows(f"SELECT x.verb, x.record_id FROM message x {_OF_PROGRAMME}", slug=slug)
    assert told == [row[:2] for row in asked if row[0] in TOLD and not row[2]]
    steps_told = Counter(row[0] for row in asked if row[0] in ("tier.gained", "tier.changed", "tier.lost"))
    assert steps_told.total() == sum(map(len, chains.values()))


_DERIVED = ("entry", "standing", "standing_change", "decision", "message", "board_value", "board_tally")
_HAPPENED = "SELECT verb, member_id, subject FROM record WHERE verb NOT IN ('ledger.verified', 'run.finished')"


def digest(look: Look) -> dict[str, Rows]:
    """All rows that jobs may write, but for when they did."""
    found = {table: look.rows(f"SELECT * FROM {table}") for table in _DERIVED}
    return {**found, "record": look.rows(_HAPPENED)}
