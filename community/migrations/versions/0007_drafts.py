"""Drafts of contributions, and contributions by their links.

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
    op.create_index("ix_contribution_url", "contribution", ["url"], unique=False, postgresql_using="hash")


def downgrade() -> None:
    op.drop_index("ix_contribution_url", table_name="contribution")
    op.drop_table("draft")
