"""The ladder of the rule book's section 1 written by hand: as one SQL statement a range, and as an ORM would have it.

Both are written from the page and know nothing of the engine's compiled ladder. The SQL is exact, reversals included,
and as fast as we could make it: one index-only scan from the lowest day that any window needs, filtered sums, a sum per
type and a sum per month. What it comes to is compared with the engine's tiers before anything is timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from community.ledger.models import Entry
from community.members.models import Member
from community.standings.models import Standing

LEVELS = ("", "associate", "pro", "director")


def months(day: date) -> list[tuple[date, date]]:
    """The calendar months that `12mo` before the day touches, cut by it (first and last day of each)."""
    first = day.replace(year=day.year - 1) + timedelta(days=1)
    found = []
    while first <= day:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append((first, min(day, following - timedelta(days=1))))
        first = following
    return found


def year_start(day: date) -> date:
    """The first day that `365d` counts."""
    return day - timedelta(days=364)


def cycle_start(day: date) -> date:
    """The first day of the cycle: the 1st of July on or before the day."""
    return date(day.year if day.month >= 7 else day.year - 1, 7, 1)


def ladder_sql(day: date, members: str, *, sqlite: bool) -> str:
    """Columns id, level (0 to 3) of everybody evaluated; `members` is a condition on the column {id} (a format)."""
    dated = "'{}'".format if sqlite else "DATE '{}'".format
    year, cycle = dated(year_start(day)), dated(cycle_start(day))
    lowest = dated(min(year_start(day), cycle_start(day), months(day)[0][0]))
    by_month = ",\n".join(
        f"sum(contributions) FILTER (WHERE effective_on BETWEEN {dated(first)} AND {dated(last)}) AS month_{place}"
        for place, (first, last) in enumerate(months(day))
    )
    active = " + ".join(f"CASE WHEN month_{place} > 0 THEN 1 ELSE 0 END" for place in range(len(months(day))))
    types = " + ".join(f"CASE WHEN {kind} > 0 THEN 1 ELSE 0 END" for kind in ("talks", "posts", "answers"))
    tenure = f"julianday('{day}') - julianday(joined_on)" if sqlite else f"{dated(day)} - joined_on"
    return f"""
        SELECT id, CASE
            WHEN CASE WHEN cycle_reach >= 20000 THEN 1 ELSE 0 END + CASE WHEN cycle_talks >= 10 THEN 1 ELSE 0 END
                + CASE WHEN {active} >= 9 THEN 1 ELSE 0 END >= 2 THEN 3
            WHEN points >= 200 AND talks >= 3 AND {types} >= 2 AND {tenure} >= 180 THEN 2
            WHEN points >= 60 THEN 1
            ELSE 0 END AS level
        FROM member LEFT JOIN (
            SELECT member_id,
                sum(points) FILTER (WHERE effective_on >= {year}) AS points,
                sum(contributions) FILTER (WHERE type = 'talk' AND effective_on >= {year}) AS talks,
                sum(contributions) FILTER (WHERE type = 'post' AND effective_on >= {year}) AS posts,
                sum(contributions) FILTER (WHERE type = 'answer' AND effective_on >= {year}) AS answers,
                sum(reach) FILTER (WHERE effective_on >= {cycle}) AS cycle_reach,
                sum(contributions) FILTER (WHERE type = 'talk' AND effective_on >= {cycle}) AS cycle_talks,
                {by_month}
            FROM entry
            WHERE programme_id = 1 AND {members.format(id="member_id")}
                AND effective_on BETWEEN {lowest} AND {dated(day)}
            GROUP BY member_id
        ) AS sums ON sums.member_id = member.id
        WHERE programme_id = 1 AND {members.format(id="id")} AND status IN ('active', 'on_leave')
            AND joined_on <= {dated(day)}
    """


def tally_sql(day: date, members: str, *, sqlite: bool) -> str:
    """How many members qualify for each level: the evaluation alone, with hardly a row to send."""
    return f"SELECT level, count(*) FROM ({ladder_sql(day, members, sqlite=sqlite)}) AS judged GROUP BY level"


async def orm_verdict(session: AsyncSession, member_id: int, day: date) -> tuple[int, bool]:
    """For which level a member qualifies, and whether the tier held is kept: an ORM query for each requirement."""
    gains = [
        await _associate(session, member_id, day, 60),
        await _pro(session, member_id, day, (200, 3, 2, 180)),
        await _director(session, member_id, day),
    ]
    level = max((place for place, met in enumerate(gains, start=1) if met), default=0)
    standing = await session.get(Standing, (1, member_id))
    held = LEVELS.index(standing.tier or "") if standing is not None else 0
    if held == 2:
        return level, await _pro(session, member_id, day, (180, 2.7, 1.8, 162))
    return level, held == 0 or gains[held - 1]


async def _associate(session: AsyncSession, member_id: int, day: date, points: int) -> bool:
    return await _total(session, member_id, "points", year_start(day), day) >= points


async def _pro(session: AsyncSession, member_id: int, day: date, least: tuple[float, float, float, float]) -> bool:
    year = year_start(day)
    member = await session.get(Member, member_id)
    found = (
        await _total(session, member_id, "points", year, day),
        await _total(session, member_id, "contributions", year, day, ("talk",)),
        await _distinct_types(session, member_id, year, day),
        0 if member is None else (day - member.joined_on).days,
    )
    return all(value >= bound for value, bound in zip(found, least, strict=True))


async def _director(session: AsyncSession, member_id: int, day: date) -> bool:
    met = [
        await _total(session, member_id, "reach", cycle_start(day), day) >= 20_000,
        await _total(session, member_id, "contributions", cycle_start(day), day, ("talk",)) >= 10,
        await _active_months(session, member_id, day) >= 9,
    ]
    return sum(met) >= 2


async def _total(
    session: AsyncSession, member_id: int, measure: str, first: date, last: date, types: Sequence[str] = ()
) -> int:
    statement = select(func.coalesce(func.sum(getattr(Entry, measure)), 0)).where(
        col(Entry.programme_id) == 1, col(Entry.member_id) == member_id, col(Entry.effective_on).between(first, last)
    )
    if types:
        statement = statement.where(col(Entry.type).in_(types))
    return int((await session.execute(statement)).scalar_one())


async def _distinct_types(session: AsyncSession, member_id: int, first: date, last: date) -> int:
    statement = (
        select(col(Entry.type))
        .where(
            col(Entry.programme_id) == 1,
            col(Entry.member_id) == member_id,
            col(Entry.effective_on).between(first, last),
        )
        .group_by(col(Entry.type))
        .having(func.sum(Entry.contributions) > 0)
    )
    return len((await session.execute(statement)).all())


async def _active_months(session: AsyncSession, member_id: int, day: date) -> int:
    first, last = months(day)[0][0], day
    statement = select(col(Entry.effective_on), col(Entry.contributions)).where(
        col(Entry.programme_id) == 1, col(Entry.member_id) == member_id, col(Entry.effective_on).between(first, last)
    )
    by_month: dict[tuple[int, int], int] = {}
    for on, credited in (await session.execute(statement)).all():
        by_month[on.year, on.month] = by_month.get((on.year, on.month), 0) + credited
    return sum(1 for total in by_month.values() if total > 0)
