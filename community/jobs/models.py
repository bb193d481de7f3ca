"""Jobs that wait, run or ended, and the slots of the timetable that were taken."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Text, Uuid, text
from sqlmodel import Field, SQLModel

from community.history.models import Json
from community.kit.db import Big, Instant, Ordered, table


class State(StrEnum):
    """Where a job is. `split`: its parts are under way, and it goes on when they are done."""

    WAITING = "waiting"
    RUNNING = "running"
    SPLIT = "split"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


class Job(SQLModel, table=True):
    """One piece of work that must be done once. The row is the truth; a queue only carries its id.

    `key`: jobs with the same key that wait are taken together. `claim` is of whoever runs it now, `worker` its name for
    people, `lease_until` how long the claim holds. `parts` and `parts_done` are its progress. `cause` is the request or
    job from which it followed, `error` what went wrong last.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(str(s)) for s in State)})", name="state"),
        CheckConstraint("(state = 'running') = (claim IS NOT NULL)", name="claim"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    programme_id: int | None = Field(default=None, sa_column=Column(Big, ForeignKey("programme.id"), nullable=True))
    kind: str = Field(sa_column=Column(Ordered, nullable=False))
    arguments: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    key: str | None = Field(default=None, sa_column=Column(Ordered, nullable=True))
    state: str = Field(default=State.WAITING.value, sa_column=Column(String, nullable=False))
    run_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    tries: int = 0
    claim: UUID | None = Field(default=None, sa_column=Column(Uuid, nullable=True))
    worker: str | None = None
    lease_until: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    parent_id: UUID | None = Field(default=None, sa_column=Column(Uuid, nullable=True))
    parts: int = 0
    parts_done: int = 0
    cause: str | None = None
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=Column(Instant, nullable=True))


class Slot(SQLModel, table=True):
    """A slot of the timetable that was taken, once, whatever the number of workers. Programme 0: the installation."""

    __tablename__ = "slot"

    name: str = Field(sa_column=Column(Ordered, primary_key=True))
    programme_id: int = Field(sa_column=Column(Big, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    job_id: UUID = Field(sa_column=Column(Uuid, nullable=False))


class Heartbeat(SQLModel, table=True):
    """A process that runs jobs: when it last swept, and how its jobs ended so far.

    `tally`: {kind: {outcome: [count, seconds, and how many of them took at most each of `rules.SECONDS`]}}. Rows of
    processes that are gone are cleaned away.
    """

    __tablename__ = "heartbeat"

    worker: str = Field(sa_column=Column(Ordered, primary_key=True))
    started_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    swept_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    tally: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))


JOB = table(Job)
SLOT = table(Slot)
HEARTBEAT = table(Heartbeat)


def _while(state: State) -> dict[str, Any]:
    clause = text(f"state = '{state.value}'")
    return {"postgresql_where": clause, "sqlite_where": clause}


Index("ix_job_waiting", JOB.c.kind, JOB.c.run_at, **_while(State.WAITING))
Index("ix_job_key", JOB.c.key, **_while(State.WAITING))
Index("ix_job_running", JOB.c.lease_until, **_while(State.RUNNING))
Index("ix_job_parent_id", JOB.c.parent_id, JOB.c.state)
Index("ix_job_finished_at", JOB.c.finished_at)
Index("ix_job_programme_id_kind_id", JOB.c.programme_id, JOB.c.kind, JOB.c.id)
