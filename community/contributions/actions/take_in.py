"""Taking in many contributions at once: created, updated or left as they are, approved, priced and posted.

The caller hands over whole members' rows in the order of the file; the work is a fixed number of statements however
many rows there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.actions import awards
from community.contributions.actions.awards import Held
from community.contributions.actions.held import CONTENT, Content, Row
from community.contributions.actions.revise import Edit, keep_edits
from community.contributions.models import ARRIVAL_HEAD, CONTRIBUTION, State
from community.kit.bulk import by_key, update_rows
from community.kit.clock import now
from community.kit.ids import new_id
from community.kit.rows import Rows
from community.ledger import actions as ledger
from community.members import actions as members
from community.programmes.queries import ProgrammeRow

UPDATED = (
    "member_id", *CONTENT, "state", "submitted_at", "decided_at", "decided_by", "price", "priced_by",
)  # fmt: skip


class Incoming(NamedTuple):
    """A checked row: whose it is, its id at its source, what it says, and the number of its arrival if it is new."""

    member_id: int
    external_id: str
    content: Content
    arrival: int


@dataclass(slots=True)
class TakenIn:
    """How many rows were created, updated or unchanged, and how many contributions were approved by this."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    approved: int = 0


@dataclass(slots=True)
class _Known:
    """A contribution that is stored already."""

    row: Row
    arrival: int
    past_caps: bool
    awards: int
    submitted_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(slots=True)
class _Batch:
    """What becomes of one batch: contributions to write, `fresh` ones and others, and the others' awards."""

    taken: TakenIn = field(default_factory=TakenIn)
    fresh: list[tuple[Incoming, Held]] = field(default_factory=list)
    changed: list[tuple[Any, ...]] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    held: dict[UUID, Held] = field(default_factory=dict)


async def open_line(connection: AsyncConnection, programme_id: int) -> None:
    """A new programme's empty line of arrivals."""
    await connection.execute(insert(ARRIVAL_HEAD).values(programme_id=programme_id, number=0))


async def take_in(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    source: str,
    rows: Sequence[Incoming],
    *,
    approve: bool,
    actor: str,
) -> TakenIn:
    """Takes in the rows of whole members, in the order of the file, in the present transaction."""
    ids = [row.external_id for row in rows]
    touched = {row.member_id for row in rows} | await _owners(connection, programme.id, source, ids)
    await members.lock(connection, programme.id, touched)
    known = await _known(connection, programme.id, source, ids)
    batch = _Batch(held={one.id: one for one in await awards.load(connection, programme.id, touched)})
    at = now()
    automatic = {kind.key for kind in programme.book.contribution_types if kind.review == "automatic"}
    for incoming in rows:
        approved = approve or incoming.content.type in automatic
        present = known.get(incoming.external_id)
        if present is None:
            _create(batch, programme, incoming, approved)
        else:
            _update(batch, programme, incoming, present, approved, at, actor)
    await _write(connection, programme, source, batch, touched, at, actor)
    return batch.taken


def _create(batch: _Batch, programme: ProgrammeRow, incoming: Incoming, approved: bool) -> None:
    content = incoming.content
    price = content.price(programme.versions, programme.version) if approved else 0
    held = Held(
        new_id(), incoming.member_id, content.type, content.occurred_on, incoming.arrival, content.fields, approved,
        price, programme.version, False, 0, None,
    )  # fmt: skip
    batch.fresh.append((incoming, held))
    batch.taken.created += 1
    batch.taken.approved += approved


def _update(
    batch: _Batch,
    programme: ProgrammeRow,
    incoming: Incoming,
    known: _Known,
    approved: bool,
    at: datetime,
    actor: str,
) -> None:
    row, content = known.row, incoming.content
    same = row.content == content and row.member_id == incoming.member_id
    waits = row.state in (State.SUBMITTED.value, State.RETURNED.value)
    if same and not (approved and row.state == State.SUBMITTED.value):
        batch.taken.unchanged += 1
        return
    batch.taken.unchanged += same
    batch.taken.updated += not same
    if row.content != content:
        batch.edits.append(Edit(row.id, row.content, content))
    state, price, priced_by = row.state, row.price, row.priced_by
    submitted_at, decided_at, decided_by = known.submitted_at, known.decided_at, known.decided_by
    if state == State.APPROVED.value:
        price, priced_by = row.repriced(content, programme.versions)
    else:
        if not waits or state == State.RETURNED.value:
            state, submitted_at = State.SUBMITTED.value, at
        if approved:
            state, decided_at, decided_by = State.APPROVED.value, at, actor
            priced_by = programme.versions.pricing(content.type)
            price = content.price(programme.versions, priced_by)
            batch.taken.approved += 1
    batch.changed.append(
        (
            programme.id, row.id, incoming.member_id, *(getattr(content, name) for name in CONTENT), state,
            submitted_at, decided_at, decided_by, price, priced_by,
        )
    )  # fmt: skip
    if state == State.APPROVED.value:
        live = batch.held[row.id].live if row.id in batch.held else None
        worth = price if row.override is None else row.override
        batch.held[row.id] = Held(
            row.id, incoming.member_id, content.type, content.occurred_on, known.arrival, content.fields, True,
            worth or 0, priced_by or 0, known.past_caps, known.awards, live,
        )  # fmt: skip


async def _write(
    connection: AsyncConnection,
    programme: ProgrammeRow,
    source: str,
    batch: _Batch,
    touched: Collection[int],
    at: datetime,
    actor: str,
) -> None:
    """Writes contributions first, then their entries; numbers are taken last, and held until the commit."""
    approved = (held for _incoming, held in batch.fresh if held.approved)
    line = sorted([*batch.held.values(), *approved], key=attrgetter("member_id", "occurred_on", "arrival"))
    changes = awards.in_line(awards.differences(line, programme.versions))
    await update_rows(connection, CONTRIBUTION, ["programme_id", "id"], UPDATED, batch.changed)
    await keep_edits(connection, programme.id, batch.edits, actor)
    if not (batch.fresh or changes or batch.changed):
        return
    drafted = ledger.draft(connection, programme.id, [posting for change in changes for posting in change.postings])
    rows = _rows(connection, programme.id, source, batch, at, actor)
    old = [change for change in changes if change.held.id in batch.held] if batch.held else []
    first = await ledger.number(connection, programme.id, drafted.count) if drafted.count else 0
    awards.number_awards(changes, first)
    if batch.fresh:
        rows.set("award_number", [held.awarded for _incoming, held in batch.fresh])
        await rows.insert()
    await awards.note(connection, programme.id, old)
    await ledger.post(connection, programme.id, drafted, first, also=touched)


def _rows(connection: AsyncConnection, programme_id: int, source: str, batch: _Batch, at: datetime, actor: str) -> Rows:
    """The new contributions ready to be written, all but the numbers of their awards."""
    incoming = [one for one, _held in batch.fresh]
    held = [one for _incoming, one in batch.fresh]
    columns: dict[str, Sequence[Any]] = {
        "id": [one.id for one in held],
        "programme_id": [programme_id] * len(held),
        "member_id": [one.member_id for one in held],
        "source": [source] * len(held),
        "external_id": [one.external_id for one in incoming],
        "arrival": [one.arrival for one in incoming],
        **{name: [getattr(one.content, name) for one in incoming] for name in CONTENT},
        "state": [State.APPROVED.value if one.approved else State.SUBMITTED.value for one in held],
        "submitted_at": [at] * len(held),
        "decided_at": [at if one.approved else None for one in held],
        "decided_by": [actor if one.approved else None for one in held],
        "price": [one.price if one.approved else None for one in held],
        "priced_by": [one.priced_by if one.approved else None for one in held],
        "past_caps": [False] * len(held),
        "awards": [int(one.approved) for one in held],
    }
    return Rows(connection, CONTRIBUTION, columns)


async def _owners(connection: AsyncConnection, programme_id: int, source: str, external_ids: Sequence[str]) -> set[int]:
    c = CONTRIBUTION.c
    mine = select(c.member_id).where(c.programme_id == programme_id, c.source == source)
    return set(await connection.scalars(by_key(connection, mine, c.external_id, external_ids)))


async def _known(
    connection: AsyncConnection, programme_id: int, source: str, external_ids: Sequence[str]
) -> dict[str, _Known]:
    c = CONTRIBUTION.c
    mine = select(
        c.external_id, c.id, c.member_id, c.state, *(c[name] for name in CONTENT), c.price, c.priced_by, c.override,
        c.arrival, c.past_caps, c.awards, c.submitted_at, c.decided_at, c.decided_by,
    ).where(c.programme_id == programme_id, c.source == source)  # fmt: skip
    rows = await connection.execute(by_key(connection, mine, c.external_id, external_ids))
    return {
        row[0]: _Known(Row(row[1], row[2], row[3], Content(*row[4:11]), row[11], row[12], row[13]), *row[14:20])
        for row in rows
    }


async def arrivals(connection: AsyncConnection, programme_id: int, count: int) -> int:
    """Takes the next `count` arrival numbers, by which contributions stand in line; answers the first.

    Taken in a short transaction before the rows come in, so that nobody waits for it; a gap harms nothing.
    """
    last = await connection.scalar(
        update(ARRIVAL_HEAD)
        .where(ARRIVAL_HEAD.c.programme_id == programme_id)
        .values(number=ARRIVAL_HEAD.c.number + count)
        .returning(ARRIVAL_HEAD.c.number)
    )
    assert last is not None
    return int(last) - count + 1
