"""What follows what, the whole product's, on one page: {what happened: (jobs that follow,)}.

The unit of work turns what happened in a transaction into jobs in the same transaction. What happened is the verb of a
record in history, or a mark: whoever touches a member for the standings or the boards says so, whatever the verb was
(a contribution approved, edited or reversed, points adjusted, a status changed, a member locked or unlocked, a file
imported, a new price by a retroactive version). A step up or down touches the member for the boards.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from community.jobs.following import Following, Messenger
from community.kit import db

FLOW: dict[str, tuple[str, ...]] = {
    # marks                  who looks again at the members touched
    "standings.touched":     ("standings.prompt",),
    "boards.touched":        ("boards.prompt",),
    # the book
    "programme.created":     ("standings.full",),
    "book.applied":          ("standings.full", "changes.reprice"),
    # runs over everybody
    "run.finished":          ("boards.full", "boards.freeze"),
    # mails that wait
    "mail.queued":           ("mail.send",),
    # what members and managers are told
    "tier.gained":           ("notices.tell",),
    "tier.changed":          ("notices.tell",),
    "tier.lost":             ("notices.tell",),
    "standing.at_risk":      ("notices.tell",),
    "standing.safe":         ("notices.tell",),
    "contribution.approved": ("notices.tell",),
    "contribution.returned": ("notices.tell",),
    "contribution.rejected": ("notices.tell",),
    "contribution.reversed": ("notices.tell",),
    "proposal.made":         ("notices.tell",),
    "proposal.lapsed":       ("notices.tell",),
}  # fmt: skip

BY_RECORD = frozenset({"notices.tell"})
"""Kinds that are given the ids of the records; the others look for themselves at what waits."""


def followed(engine: AsyncEngine, messenger: Messenger) -> AsyncEngine:
    """The engine, with what happens on it turned into jobs by FLOW, and the messenger told of them."""
    db.follow(engine, Following(FLOW, BY_RECORD, messenger))
    return engine
