"""Messages: what records of history tell members and managers.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("recipient", ORDERED, nullable=False),
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("recipient IN ('member', 'managers')", name=op.f("ck_message_recipient")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_message_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "recipient", "record_id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_member", ["programme_id", "member_id", "record_id"], unique=False)
        batch_op.create_index(
            "ix_message_unread",
            ["programme_id", "recipient", "record_id"],
            unique=False,
            postgresql_where=sa.text("read_at IS NULL"),
            sqlite_where=sa.text("read_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("message")
