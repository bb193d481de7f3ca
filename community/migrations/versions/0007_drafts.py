"""Drafts of contributions, parts that others had in them, and contributions by their links.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_draft_programme_id_member",
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "key", name=op.f("pk_draft")),
    )
    op.create_table(
        "part",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("contribution_id", sa.Uuid(), nullable=False),
        sa.Column("state", ORDERED, nullable=False),
        sa.Column("made_id", sa.Uuid(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('offered', 'confirmed', 'declined')", name=op.f("ck_part_state")),
        sa.CheckConstraint("(state = 'confirmed') = (made_id IS NOT NULL)", name=op.f("ck_part_made")),
        sa.ForeignKeyConstraint(
            ["programme_id", "contribution_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_part_programme_id_contribution",
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_part_programme_id_member"
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "made_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_part_programme_id_made",
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "contribution_id", name=op.f("pk_part")),
    )
    op.create_index("ix_part_contribution", "part", ["programme_id", "contribution_id"], unique=False)
    op.create_index("ix_part_made", "part", ["programme_id", "made_id"], unique=False)
    op.create_index("ix_contribution_url", "contribution", ["url"], unique=False, postgresql_using="hash")


def downgrade() -> None:
    op.drop_index("ix_contribution_url", table_name="contribution")
    op.drop_table("part")
    op.drop_table("draft")
