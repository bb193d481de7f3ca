"""Becoming a member: a person joins a programme that they were invited into."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from community.history.actions import Line, write
from community.kit.errors import InputRefused, Problem
from community.kit.i18n import gettext as _
from community.kit.text import fold, handle_of
from community.members.actions.binding import bind
from community.members.actions.take_in import ids_of, take_in
from community.members.forms import MemberRow
from community.members.models import Status
from community.people import queries as people
from community.people.rules import actor_of
from community.programmes.queries import ProgrammeRow


async def free_handle(connection: AsyncConnection, programme_id: int, text: str) -> str:
    """A handle as people choose one, which nobody has in the programme. Raises InputRefused."""
    try:
        handle = handle_of(text)
    except ValueError:
        raise _refused(text, _("1 to 100 characters without spaces")) from None
    if any(unicodedata.category(c) == "Cf" for c in handle):  # what nobody sees would tell two handles apart
        raise _refused(text, _("characters that can be seen"))
    if await ids_of(connection, programme_id, [fold(handle)]):
        raise _refused(text, _("one that nobody has yet"))
    return handle


async def join(connection: AsyncConnection, programme: ProgrammeRow, person_id: UUID, text: str) -> int:
    """A new member of that handle, who is the person; answers its id. Raises InputRefused, Conflict."""
    handle = await free_handle(connection, programme.id, text)
    person = await people.person(connection, person_id)
    row = MemberRow(
        handle, fold(handle), person.name, person.email, None, programme.today, Status.ACTIVE, None, None, None,
        None, None, None, {},
    )  # fmt: skip
    member_id = (await take_in(connection, programme.id, [row], today=programme.today)).ids[row.folded]
    await bind(connection, programme.id, member_id, person_id)
    await write(connection, programme.id, actor_of(person_id), [Line("member.joined", member_id)])
    return member_id


def _refused(found: str, accepted: str) -> InputRefused:
    return InputRefused([Problem("handle", found, accepted)], f"handle: accepted: {accepted}")
