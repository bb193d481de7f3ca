"""The SQL that makes the bench's data inside the database: the same rows on both databases, from whole-number hashes.

Twenty contributions a member over three years, skewed: some 4.5 % of the members have half of them, the quietest a
handful. One in 41 is reversed. Prices, caps, entry numbers and causes are what the engine itself would have written
for the book of the preset `aces`, so that a check of the ledger finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

PER_MEMBER = 20
FIRST_DAY = date(2023, 4, 16)
LAST_DAY = date(2026, 4, 15)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
ONE_IN_REVERSED = 41
PRIME = 2_147_483_647
SHUFFLE = 611_953
"""Coprime to every number of members in use: spreads the busy ones over all ranges of ids."""


@dataclass(frozen=True)
class Dialect:
    """How one database writes what the two write differently; every method takes and gives SQL."""

    sqlite: bool

    def series(self, count: int) -> str:
        """A table `series(g)` with the numbers from 1 to `count`, to stand behind WITH."""
        if self.sqlite:
            return f"RECURSIVE series(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM series WHERE g < {count})"
        return f"series(g) AS (SELECT generate_series(1::bigint, {count}::bigint))"

    def plus_days(self, first: date, days: str) -> str:
        """A day some days after the first."""
        if self.sqlite:
            return f"date('{first}', '+' || ({days}) || ' days')"
        return f"(DATE '{first}' + ({days})::int)"

    def month(self, day: str) -> str:
        """What is the same for all days of a month."""
        return f"substr({day}, 1, 7)" if self.sqlite else f"date_trunc('month', {day})"

    def digits(self, number: str, width: int) -> str:
        """A whole number with leading zeros."""
        return f"printf('%0{width}d', {number})" if self.sqlite else f"lpad(({number})::text, {width}, '0')"

    def hexadecimal(self, number: str, width: int) -> str:
        """A whole number in hexadecimal digits with leading zeros."""
        return f"printf('%0{width}x', {number})" if self.sqlite else f"lpad(to_hex({number}), {width}, '0')"

    def instant(self, day: str) -> str:
        """Noon of a day, in UTC."""
        if self.sqlite:
            return f"({day} || ' 12:00:00.000000')"
        return f"(({day} + TIME '12:00') AT TIME ZONE 'UTC')"

    def json_text(self, text: str) -> str:
        """A JSON text as a stored document."""
        return text if self.sqlite else f"({text})::jsonb"

    def uuid(self, g: str) -> str:
        """The time-ordered id of the g-th contribution, as stored."""
        return f"replace({self.uuid_text(g)}, '-', '')" if self.sqlite else f"({self.uuid_text(g)})::uuid"

    def uuid_text(self, g: str) -> str:
        """The time-ordered id of the g-th contribution, as written in causes."""
        instant = self.hexadecimal(f"1680000000000 + {g} * 4000", 12)
        return f"substr({instant}, 1, 8) || '-' || substr({instant}, 9) || '-7000-8000-' || {self.hexadecimal(g, 12)}"

    def floor(self, number: str) -> str:
        """The whole part of a number that is not negative."""
        return f"CAST({number} AS INTEGER)" if self.sqlite else f"CAST(floor({number}) AS bigint)"

    @property
    def fence(self) -> str:
        """Ends a subquery whose columns are to be reckoned once."""
        return "LIMIT -1 OFFSET 0" if self.sqlite else "OFFSET 0"

    @property
    def scratch(self) -> str:
        """The kind of a table that is dropped again."""
        return "TEMPORARY TABLE" if self.sqlite else "UNLOGGED TABLE"


def statements(dialect: Dialect, members: int, *, contributions: bool) -> Iterator[str]:
    """The statements that fill a migrated database in which programme 1 has its book, and nothing else."""
    count = members * PER_MEMBER
    yield _members(dialect, members)
    yield _leaves(members)
    yield _line(dialect, members, count)
    yield _capped(dialect)
    yield from _entries(dialect)
    if contributions:
        yield _contributions(dialect)
    yield "DROP TABLE bench_capped"
    yield "DROP TABLE bench_line"
    yield f"UPDATE ledger_head SET number = {count + count // ONE_IN_REVERSED} WHERE programme_id = 1"
    yield f"UPDATE arrival_head SET number = {count} WHERE programme_id = 1"


def _hashed(salt: int, number: str = "g") -> str:
    """A whole number below PRIME that looks random: a square is not linear, which one multiplication would be."""
    first = f"(({number} * {48_271 + 2 * salt} + {salt * 7_919}) % {PRIME})"
    return f"(({first} * {first} % {PRIME}) * 16807 % {PRIME})"


def _members(dialect: Dialect, members: int) -> str:
    number = dialect.digits("g", 7)
    return f"""
        INSERT INTO member (id, programme_id, handle, folded, name, country, joined_on, status, return_on, came_back,
            on_boards, attributes, created_at)
        WITH {dialect.series(members)}
        SELECT g, 1, 'Member' || {number}, 'member' || {number}, 'Member ' || {number},
            CASE g % 7 WHEN 0 THEN NULL WHEN 1 THEN 'FR' WHEN 2 THEN 'DE' WHEN 3 THEN 'IN' WHEN 4 THEN 'US'
                ELSE 'BR' END,
            {dialect.plus_days(date(2022, 6, 1), f"{_hashed(1)} % 1400")},
            CASE WHEN g % 100 = 3 THEN 'on_leave' WHEN g % 100 = 4 THEN 'alumni' WHEN g % 100 = 5 THEN 'left'
                ELSE 'active' END,
            CASE WHEN g % 100 = 3 THEN {dialect.plus_days(LAST_DAY, "100 + g % 50")} END,
            (1 = 0), (g % 100 <> 6), {dialect.json_text("'{}'")},
            {dialect.instant(dialect.plus_days(FIRST_DAY, "0"))}
        FROM series
    """


def _leaves(members: int) -> str:
    return f"""
        INSERT INTO leave (programme_id, member_id, first_on, return_on)
        SELECT 1, id, '2026-03-01', return_on FROM member WHERE status = 'on_leave' AND id <= {members}
    """


def _line(dialect: Dialect, members: int, count: int) -> str:
    """All contributions in the order in which they came in, by day, with their prices before caps."""
    u = f"(CAST({_hashed(2)} AS double precision) / {PRIME})"
    busy = dialect.floor(f"{members} * (0.03 * u + 0.9699 * u * u * u * u * u)")
    return f"""
        CREATE {dialect.scratch} bench_line AS
        WITH {dialect.series(count)}
        SELECT g, member_id, kind, {dialect.plus_days(FIRST_DAY, "day")} AS day, french, attendees, setting,
            CASE kind WHEN 'talk'
                THEN (20 + CASE WHEN setting = 'virtual' THEN 0 ELSE 5 END
                    + CASE WHEN attendees / 50 * 2 > 20 THEN 20 ELSE attendees / 50 * 2 END) * (2 + french) / 2
                WHEN 'post' THEN 5 ELSE 1 END AS price
        FROM (
            SELECT g, 1 + busy * {SHUFFLE} % {members} AS member_id, (g - 1) * {DAYS} / {count} AS day, kind,
                CASE WHEN {_hashed(4)} % 10 < 3 THEN 1 ELSE 0 END AS french,
                CASE WHEN kind = 'talk' THEN 10 + ({_hashed(5)} % 40) * ({_hashed(6)} % 40) END AS attendees,
                CASE WHEN kind = 'talk'
                    THEN CASE {_hashed(7)} % 3 WHEN 0 THEN 'in-person' WHEN 1 THEN 'virtual' ELSE 'hybrid' END
                    END AS setting
            FROM (
                SELECT g, {busy} AS busy,
                    CASE WHEN type_number < 15 THEN 'talk' WHEN type_number < 50 THEN 'post' ELSE 'answer' END AS kind
                FROM (SELECT g, {u} AS u, {_hashed(3)} % 100 AS type_number FROM series {dialect.fence}) hashed
                {dialect.fence}
            ) placed
            {dialect.fence}
        ) told
    """


def _capped(dialect: Dialect) -> str:
    """The contributions that a cap cuts to nothing: those past 50 answers or 4 posts of a member in a month."""
    return f"""
        CREATE {dialect.scratch} bench_capped AS
        SELECT g FROM (
            SELECT g, kind, row_number() OVER (PARTITION BY member_id, kind, {dialect.month("day")} ORDER BY g) AS place
            FROM bench_line WHERE kind <> 'talk' AND g % {ONE_IN_REVERSED} <> 0
        ) numbered
        WHERE place > CASE kind WHEN 'post' THEN 4 ELSE 50 END
    """


def _entries(dialect: Dialect) -> Iterator[str]:
    number = f"g + (g - 1) / {ONE_IN_REVERSED}"
    columns = (
        "programme_id, number, member_id, kind, effective_on, type, points, balance, contributions, reach, cause, "
        "reverses, version, recorded_at"
    )
    points = "CASE WHEN capped.g IS NULL THEN price ELSE 0 END"
    source = "bench_line AS line LEFT JOIN bench_capped AS capped USING (g)"
    yield f"""
        INSERT INTO entry ({columns})
        SELECT 1, {number}, member_id, 'award', day, kind, {points}, {points}, 1, coalesce(attendees, 0),
            'contribution:' || {dialect.uuid_text("g")} || ':1', NULL, 1, {dialect.instant("day")}
        FROM {source}
    """
    yield f"""
        INSERT INTO entry ({columns})
        SELECT 1, {number} + 1, member_id, 'reversal', day, kind, -price, -price, -1, -coalesce(attendees, 0),
            'reversal:' || ({number}), {number}, 1, {dialect.instant("day")}
        FROM bench_line WHERE g % {ONE_IN_REVERSED} = 0
    """


def _contributions(dialect: Dialect) -> str:
    reversed_one = f"g % {ONE_IN_REVERSED} = 0"
    fields = """CASE WHEN kind = 'talk' THEN '{"attendees": ' || attendees || ', "setting": "' || setting || '"}'
        ELSE '{}' END"""
    return f"""
        INSERT INTO contribution (id, programme_id, member_id, source, external_id, arrival, type, title, url,
            occurred_on, language, fields, state, submitted_at, decided_at, decided_by, note, price, priced_by,
            past_caps, awards, award_number)
        SELECT {dialect.uuid("g")}, 1, member_id, 'bench', 'c' || g, g, kind, 'Contribution ' || g,
            'https://example.org/' || g, day, CASE french WHEN 1 THEN 'fr' ELSE 'en' END, {dialect.json_text(fields)},
            CASE WHEN {reversed_one} THEN 'reversed' ELSE 'approved' END, {dialect.instant("day")},
            {dialect.instant("day")}, 'bench', CASE WHEN {reversed_one} THEN 'bench' END, price, 1,
            (1 = 0), 1, CASE WHEN {reversed_one} THEN NULL ELSE g + (g - 1) / {ONE_IN_REVERSED} END
        FROM bench_line
    """
