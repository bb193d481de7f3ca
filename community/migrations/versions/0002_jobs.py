"""Jobs, the slots of the timetable, and the processes that run jobs.

Revision: 0002
After: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def only(state: str) -> dict[str, Any]:
    """For an index over jobs in one state."""
    clause = sa.text(f"state = '{state}'")
    return {"postgresql_where": clause, "sqlite_where": clause}


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", BIG, nullable=True),
        sa.Column("kind", ORDERED, nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("key", ORDERED, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'split', 'done', 'dead', 'discarded')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint("(state = 'running') = (claim IS NOT NULL)", name=op.f("ck_job_claim")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_job_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_waiting", "job", ["kind", "run_at"], **only("waiting"))
    op.create_index("ix_job_key", "job", ["key"], **only("waiting"))
    op.create_index("ix_job_running", "job", ["lease_until"], **only("running"))
    op.create_index("ix_job_parent_id", "job", ["parent_id", "state"])
    op.create_index("ix_job_finished_at", "job", ["finished_at"])
    op.create_index("ix_job_programme_id_kind_id", "job", ["programme_id", "kind", "id"])
    op.create_table(
        "slot",
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("name", "programme_id", "at", name=op.f("pk_slot")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("worker", ORDERED, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("swept_at", INSTANT, nullable=False),
        sa.Column("tally", JSON, nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_heartbeat")),
    )


def downgrade() -> None:
    for table in ("heartbeat", "slot", "job"):
        op.drop_table(table)
