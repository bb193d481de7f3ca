"""Proofs of the chain of decisions: numbered, each beginning where the last one ended, ending at the tier held."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.members.models import MEMBER
from community.programmes.queries import ProgrammeRow
from community.standings.models import DECISION, STANDING, STANDING_CHANGE


async def chain(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Decisions of a member count from 1; each starts from the tier to which the one before led."""
    c = DECISION.c
    steps = (
        select(
            c.member_id,
            c.number,
            c.from_tier,
            func.row_number().over(partition_by=c.member_id, order_by=c.number).label("place"),
            func.lag(c.to_tier).over(partition_by=c.member_id, order_by=c.number).label("reached"),
        )
        .where(c.programme_id == programme.id)
        .subquery()
    )
    wrong = or_(
        steps.c.number != steps.c.place, func.coalesce(steps.c.from_tier, "") != func.coalesce(steps.c.reached, "")
    )
    rows = await connection.stream(
        select(MEMBER.c.handle, steps.c.number, steps.c.from_tier, steps.c.reached)
        .join_from(steps, MEMBER, MEMBER.c.id == steps.c.member_id)
        .where(MEMBER.c.programme_id == programme.id, wrong)
    )
    async for handle, number, start, reached in rows:
        yield f"{handle}: decision {number} starts from {start or 'none'}; the one before led to {reached or 'none'}"


async def ends(connection: AsyncConnection, programme: ProgrammeRow) -> AsyncIterator[str]:
    """Every standing is the tier of its last decision, and as its last change left it."""
    d, s, h = DECISION.c, STANDING.c, STANDING_CHANGE.c
    marks = ("tier", "since", "at_risk_since", "lost_on", "proposal_kind", "proposal_tier", "proposed_on")
    differs = [s[name].is_distinct_from(h[name]) for name in marks]
    decided = or_(
        and_(s.decisions == 0, s.tier.is_not(None)),
        and_(s.decisions > 0, or_(d.number.is_(None), s.tier.is_distinct_from(d.to_tier))),
    )
    rows = await connection.stream(
        select(MEMBER.c.handle, s.tier)
        .select_from(
            STANDING.join(MEMBER, and_(MEMBER.c.programme_id == s.programme_id, MEMBER.c.id == s.member_id))
            .outerjoin(
                DECISION,
                and_(d.programme_id == s.programme_id, d.member_id == s.member_id, d.number == s.decisions),
            )
            .outerjoin(
                STANDING_CHANGE,
                and_(h.programme_id == s.programme_id, h.member_id == s.member_id, h.number == s.changes),
            )
        )
        .where(s.programme_id == programme.id, or_(h.number.is_(None), decided, *differs))
    )
    async for handle, tier in rows:
        yield f"{handle}: the standing ({tier or 'no tier'}) is not what its decisions and changes led to"


CHECKS = (chain, ends)
