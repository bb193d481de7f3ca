"""All that is kept of a person, table by table, and what of it is not theirs to take along.

Every table is named in one of the two maps below: a new table, or a new column of one that is there, is given to the
person unless it is named among what is withheld (trust, I19).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from community.contributions.models import CONTRIBUTION, DRAFT, PART, REVISION
from community.history.models import RECORD
from community.kit.mail.models import MAIL
from community.leaderboards.models import BOARD_VALUE, SNAPSHOT_PLACE
from community.ledger.models import ENTRY
from community.members.models import APPLICATION, EXPERTISE, LEAVE, MEMBER, PICTURE, PROFILE, STATUS_CHANGE
from community.notices.models import MAIL_CHOICE, MESSAGE
from community.notices.rules import Recipient
from community.people.models import HELD_ROLE, INVITATION, PERSON, PERSONAL_CHANGE, SESSION
from community.people.rules import account_of, actor_of
from community.standings.models import DECISION, STANDING, STANDING_CHANGE

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about."""

    person_id: UUID
    folded: str | None

    @property
    def actor(self) -> str:
        """As history and mails know them."""
        return actor_of(self.person_id)


Mine = Callable[[Subject], ColumnElement[bool]]


def _of_members(table: Table) -> Mine:
    """The rows of the members that the person is."""

    def mine(subject: Subject) -> ColumnElement[bool]:
        same = and_(MEMBER.c.programme_id == table.c.programme_id, MEMBER.c.id == table.c.member_id)
        return select(MEMBER.c.id).where(same, MEMBER.c.person_id == subject.person_id).correlate(table).exists()

    return mine


def _of_person(table: Table) -> Mine:
    return lambda subject: table.c.person_id == subject.person_id


def _invited(subject: Subject) -> ColumnElement[bool]:
    return or_(INVITATION.c.person_id == subject.person_id, _folded(INVITATION, subject))


def _told(subject: Subject) -> ColumnElement[bool]:
    return and_(MESSAGE.c.recipient == Recipient.MEMBER.value, _of_members(MESSAGE)(subject))


def _mailed(subject: Subject) -> ColumnElement[bool]:
    by_address = false() if subject.folded is None else func.lower(MAIL.c.address) == subject.folded
    return or_(MAIL.c.recipient == subject.actor, by_address)


def _recorded(subject: Subject) -> ColumnElement[bool]:
    itself = or_(RECORD.c.subject == str(subject.person_id), RECORD.c.actor == subject.actor)
    return or_(itself, and_(RECORD.c.member_id.is_not(None), _of_members(RECORD)(subject)))


def _revised(subject: Subject) -> ColumnElement[bool]:
    same = and_(CONTRIBUTION.c.programme_id == REVISION.c.programme_id, CONTRIBUTION.c.id == REVISION.c.contribution_id)
    mine = select(CONTRIBUTION.c.id).where(same, _of_members(CONTRIBUTION)(subject)).correlate(REVISION)
    return mine.exists()


def _folded(table: Table, subject: Subject) -> ColumnElement[bool]:
    return false() if subject.folded is None else table.c.folded == subject.folded


OWNED: Mapping[Table, tuple[Mine, frozenset[str]]] = {
    PERSON: (lambda subject: PERSON.c.id == subject.person_id, frozenset({"password", "folded"})),
    SESSION: (_of_person(SESSION), frozenset({"digest"})),
    HELD_ROLE: (_of_person(HELD_ROLE), frozenset({"granted_by"})),
    INVITATION: (_invited, frozenset({"folded", "invited_by"})),
    PERSONAL_CHANGE: (_of_person(PERSONAL_CHANGE), frozenset()),
    MAIL: (_mailed, frozenset({"error", "tries", "due_at"})),
    APPLICATION: (lambda subject: _folded(APPLICATION, subject), frozenset({"folded", "decided_by"})),
    MEMBER: (_of_person(MEMBER), frozenset({"folded", "came_back"})),
    PROFILE: (_of_members(PROFILE), frozenset()),
    EXPERTISE: (_of_members(EXPERTISE), frozenset({"folded"})),
    PICTURE: (_of_members(PICTURE), frozenset()),
    LEAVE: (_of_members(LEAVE), frozenset()),
    STATUS_CHANGE: (_of_members(STATUS_CHANGE), frozenset({"came_back"})),
    CONTRIBUTION: (_of_members(CONTRIBUTION), frozenset({"decided_by", "arrival"})),
    REVISION: (_revised, frozenset({"by"})),
    DRAFT: (_of_members(DRAFT), frozenset()),
    PART: (_of_members(PART), frozenset()),
    ENTRY: (_of_members(ENTRY), frozenset()),
    STANDING: (_of_members(STANDING), frozenset({"changes", "decisions"})),
    STANDING_CHANGE: (_of_members(STANDING_CHANGE), frozenset()),
    DECISION: (_of_members(DECISION), frozenset({"decided_by"})),
    BOARD_VALUE: (_of_members(BOARD_VALUE), frozenset({"folded"})),
    SNAPSHOT_PLACE: (_of_members(SNAPSHOT_PLACE), frozenset()),
    MESSAGE: (_told, frozenset()),
    MAIL_CHOICE: (_of_members(MAIL_CHOICE), frozenset()),
    RECORD: (_recorded, frozenset({"actor", "quiet"})),
}
"""Whose rows they are, and which columns are not given: secrets, what is folded of what is given, and who decided."""

IMPERSONAL = {
    "arrival_head": "a number a programme",
    "asked": "digests, for minutes",
    "board_state": "days of boards",
    "board_tally": "sums over everybody",
    "book_version": "the rules",
    "demonstration": "invented people",
    "heartbeat": "processes",
    "job": "ids, for days",
    "ledger_head": "a number a programme",
    "programme": "programmes",
    "run": "runs over everybody",
    "slot": "the timetable",
    "snapshot": "sums over everybody",
    "token": "digests of secrets, for hours",
    "touched": "marks, for moments",
    "unit": "units",
}
"""Tables that hold nothing to take along, and why."""


async def subject_of(connection: AsyncConnection, person_id: UUID) -> Subject:
    """Whom the data of a person is about."""
    email: str | None = await connection.scalar(select(PERSON.c.email).where(PERSON.c.id == person_id))
    return Subject(person_id, account_of(email) if email else None)


def columns_of(table: Table) -> list[str]:
    """The columns of a table that are given."""
    withheld = OWNED[table][1]
    return [column.name for column in table.columns if column.name not in withheld]


async def rows_of(connection: AsyncConnection, table: Table, subject: Subject) -> AsyncIterator[list[Any]]:
    """The rows of a table that are the subject's, streamed in the order of their keys; instants in UTC."""
    mine, _withheld = OWNED[table]
    asked = select(*(table.c[name] for name in columns_of(table))).where(mine(subject))
    found = await connection.stream(asked.order_by(*table.primary_key.columns))
    async for part in found.partitions(AT_ONCE):
        for row in part:
            yield list(row)
