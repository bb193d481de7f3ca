"""The verbs on jobs: add, claim, finish, split, fail, hand back, retry, discard; and the slots of the timetable.

A job's effects and its end are one transaction, fenced by the claim: whoever lost the claim meanwhile writes nothing.
"""

from community.jobs.actions.adding import NewJob, Told, add, take_slot
from community.jobs.actions.byhand import discard, retry
from community.jobs.actions.claims import Claim, LostError, claim, hand_back, hold, renew
from community.jobs.actions.ending import fail, finish, split
from community.jobs.actions.keeping import beat, clean

__all__ = [
    "Claim", "LostError", "NewJob", "Told", "add", "beat", "claim", "clean", "discard", "fail", "finish", "hand_back",
    "hold", "renew", "retry", "split", "take_slot",
]  # fmt: skip
