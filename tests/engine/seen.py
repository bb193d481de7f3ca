"""What can be seen of a programme, in one form for model and product, so that the two can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION
from community.history.models import RECORD
from community.kit.db import reading
from community.ledger.models import ENTRY
from community.ledger.queries import balance
from community.members.queries import member
from community.programmes import queries as programmes
from community.standings.models import DECISION
from community.standings.queries import present
from community.standings.queries.explained import explain
from tests.engine.driver import Product
from tests.model.machine import Model
from tests.model.requirements import Reason
from tests.model.tiers import Look

Seen = dict[str, Any]

HAPPENED = {
    "standing.at_risk": "at_risk",
    "standing.safe": "mark_taken_back",
    "proposal.made": "proposal_made",
    "proposal.lapsed": "proposal_lapsed",
    "proposal.accepted": "proposal_accepted",
    "proposal.declined": "proposal_declined",
}


# Standings, as `standings list --json` shows them


def standings_of_model(model: Model, day: date) -> list[Seen]:
    """Everybody's row, in the order of folded handles."""
    return [model.row(handle, day) for handle in sorted(model.members)]


async def standings_of_members(product: Product, day: date) -> dict[str, Seen]:
    """Where the members of the story stand, by their handles in the story."""
    here = {name: handle for handle, name in product.named.items()}
    async with reading(product.engine) as connection:
        rows = await standings_of_product(connection, product.id, day)
    return {here[row["handle"]]: {**row, "handle": None} for row in rows if row["handle"] in here}


async def standings_of_product(connection: AsyncConnection, programme_id: int, day: date) -> list[Seen]:
    """The same of the product."""
    rows = []
    async for row in present.standings(connection, programme_id):
        state = row.state
        proposal = state.proposal
        days = {name: getattr(state, name) for name in ("since", "at_risk_since", "lost_on")}
        rows.append(
            {
                "handle": row.handle,
                "tier": state.tier,
                **{name: value and value.isoformat() for name, value in days.items()},
                "locked": state.locked_on(day),
                "proposal": None if proposal is None else {"kind": proposal.kind, "tier": proposal.tier},
            }
        )
    return rows


# Everything that only grows


def history_of_model(model: Model) -> Seen:
    """Entries, decisions and events, in sequence for each member, and the state of every contribution."""
    entries, decisions, events = _by_member(), _by_member(), _by_member()
    for entry in model.ledger:
        entries[entry.member].append(
            (
                entry.day, entry.type, entry.points, entry.balance, entry.contributions, entry.reach,
                entry.contribution, entry.cause, entry.reverses, entry.version,
            )
        )  # fmt: skip
    for one in model.decisions:
        reasons = [reason_of_model(reason) for reason in one.reasons]
        decisions[one.handle].append((one.origin, one.tier, one.day, one.version, one.by, reasons))
    for event in model.events:
        kind = event.proposal and (event.proposal.kind, event.proposal.tier)
        events[event.handle].append((event.day.isoformat(), event.what, kind))
    states = {
        id_: (each.member, each.state, each.version if each.state == "approved" else None)
        for id_, each in model.contributions.items()
    }
    return _seen(model.members, entries, decisions, events, states)


async def history_of_product(connection: AsyncConnection, product: Product) -> Seen:
    """The same of the product."""
    programme = await programmes.programme(connection, product.slug)
    handles = {id_: handle for handle, id_ in product.ids.items()}
    events = _by_member()
    records = await connection.execute(
        select(RECORD.c.member_id, RECORD.c.verb, RECORD.c.data)
        .where(
            RECORD.c.programme_id == programme.id, RECORD.c.verb.in_(HAPPENED), RECORD.c.member_id.in_(list(handles))
        )
        .order_by(RECORD.c.id)
    )
    for member_id, verb, data in records:
        kind = (data["kind"], data["tier"]) if verb.startswith("proposal") else None
        events[handles[member_id]].append((data["day"], HAPPENED[verb], kind))
    c = CONTRIBUTION.c
    found = await connection.execute(
        select(c.external_id, c.member_id, c.state, c.priced_by).where(
            c.programme_id == programme.id, c.id.in_(list(product.keys.values()))
        )
    )
    states = {row[0]: (handles[row[1]], row[2], row[3] if row[2] == "approved" else None) for row in found}
    entries = await _entries_of_product(connection, programme.id, product, handles)
    decisions = await _decisions_of_product(connection, programme.id, handles)
    return _seen(product.ids, entries, decisions, events, states)


_MEASURES = ("points", "balance", "contributions", "reach")


async def _entries_of_product(
    connection: AsyncConnection, programme_id: int, product: Product, handles: Mapping[int, str]
) -> dict[str, list[Any]]:
    names = {str(key): id_ for id_, key in product.keys.items()}
    causes: dict[int, tuple[str | None, str | None]] = {}
    entries = _by_member()
    rows = await connection.execute(
        select(ENTRY)
        .where(ENTRY.c.programme_id == programme_id, ENTRY.c.member_id.in_(list(handles)))
        .order_by(ENTRY.c.number)
    )
    for row in rows:
        kind, _, rest = row.cause.partition(":")
        key, _, count = rest.partition(":")
        contribution, cause = (
            (names[key], f"contribution:{names[key]}:{count}") if kind == "contribution" else (None,) * 2
        )
        if row.reverses is not None:
            contribution = causes[row.reverses][0]
        causes[row.number] = (contribution, cause)
        reverses = None if row.reverses is None else causes[row.reverses][1]
        measures = tuple(getattr(row, name) for name in _MEASURES)
        entries[handles[row.member_id]].append(
            (row.effective_on, row.type, *measures, contribution, cause, reverses, row.version)
        )
    return entries


async def _decisions_of_product(
    connection: AsyncConnection, programme_id: int, handles: Mapping[int, str]
) -> dict[str, list[Any]]:
    decisions = _by_member()
    rows = await connection.execute(
        select(DECISION)
        .where(DECISION.c.programme_id == programme_id, DECISION.c.member_id.in_(list(handles)))
        .order_by(DECISION.c.member_id, DECISION.c.number)
    )
    for row in rows:
        mine = decisions[handles[row.member_id]]
        assert row.number == len(mine) + 1
        mine.append((row.from_tier, row.to_tier, row.day, row.version, row.decided_by, row.reasons))
    return decisions


def _by_member() -> dict[str, list[Any]]:
    return defaultdict(list)


def _seen(
    handles: Iterable[str],
    entries: Mapping[str, list[Any]],
    decisions: Mapping[str, list[Any]],
    events: Mapping[str, list[Any]],
    states: Mapping[str, Any],
) -> Seen:
    """Events of one day are in no order."""
    return {
        "entries": {handle: list(entries.get(handle, [])) for handle in handles},
        "decisions": {handle: list(decisions.get(handle, [])) for handle in handles},
        "events": {handle: sorted(events.get(handle, []), key=repr) for handle in handles},
        "states": dict(states),
    }


# Reasons, as `standings explain --json` shows them


def explained_by_model(model: Model, handle: str, day: date) -> Seen:
    """What an evaluation on the day comes to, and why; and the balance, as `ledger balance --json` shows it."""
    found = model.explain(handle, day)
    after = found.standing
    return {
        "handle": handle,
        "as_of": day,
        "tier": after.tier,
        "qualifies": found.qualifies,
        "at_risk_since": after.at_risk_since,
        "lost_on": after.lost_on,
        "balance": model.balance(handle),
        "tiers": [
            {"key": key, "gain": _side(look, "gain"), "keep": _side(look, "keep")} for key, look in _each(found.look)
        ],
    }


def _each(look: Look) -> Iterable[tuple[str, dict[str, tuple[bool, list[Reason]]]]]:
    return look.items()


def _side(look: dict[str, tuple[bool, list[Reason]]], word: str) -> Seen:
    met, reasons = look[word]
    return {"met": met, "reasons": [reason_of_model(one) for one in reasons]}


def reason_of_model(reason: Reason) -> Reason:
    """A reason as JSON has it."""
    days = {name: reason[name] and reason[name].isoformat() for name in ("from", "to", "ends")}
    numbers = {name: _number(reason[name]) for name in ("actual", "min", "max")}
    return {**reason, **days, **numbers}


def _number(value: int | Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


async def explained_by_product(connection: AsyncConnection, product: Product, handle: str, day: date) -> Seen:
    """The same of the product."""
    programme = await programmes.programme(connection, product.slug)
    found = await explain(connection, programme, await member(connection, programme.id, handle), day)
    sums = await balance(connection, programme.id, found.member.id)
    return {**found.plain(), "balance": {name: getattr(sums, name) for name in _MEASURES}}
