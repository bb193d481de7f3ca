"""The jobs on people: sending the mails that wait, and cleaning away what nobody can use any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from community.jobs.actions import NewJob, add
from community.jobs.work import Kind, Work
from community.kit.clock import now
from community.kit.mail import actions as mails
from community.kit.mail import queries as mail_queries
from community.kit.mail.sending import Writer, send_waiting
from community.kit.rates import actions as rates
from community.people.actions import invitations, sessions, tokens

SEND, KEY = "mail.send", "mail.send:"


def sending(letters: Mapping[str, Writer]) -> Kind:
    """The kind of job that sends mails, given who writes which: the letters of every room."""

    async def send(work: Work) -> None:
        """Sends what is due; what was put off is looked at again when it is due."""
        await send_waiting(work.engine, work.settings, letters)
        async with work.last() as connection:
            due = await mail_queries.next_due(connection)
            if due is not None:
                await add(connection, [NewJob(SEND, key=KEY, after=max(due - now(), timedelta(seconds=1)))])

    return Kind(SEND, send)


async def clean(work: Work) -> None:
    """Removes sessions, tokens and invitations that are over, mails of some days ago, and rates of late."""
    async with work.step() as connection:
        await sessions.clean_up(connection)
        await tokens.clean_up(connection)
        await invitations.clean_up(connection)
    async with work.last() as connection:
        await rates.clean_up(connection, now())
        await mails.clean_up(connection, settled_before=now() - timedelta(days=work.settings.jobs_kept_days))


JOBS = (Kind("people.clean", clean),)
