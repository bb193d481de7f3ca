"""Snapshots of boards, which only grow; the order of a board is an index of its own.

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")

ORDER = ("ix_board_value_order", "board_value", ["programme_id", "board", sa.literal_column("value DESC"), "folded"])
POSITIVE = {"postgresql_where": sa.text("value > 0"), "sqlite_where": sa.text("value > 0")}


def upgrade() -> None:
    op.drop_index("ix_board_value_order", "board_value")
    op.create_index(*ORDER, **POSITIVE)


def downgrade() -> None:
    op.drop_index("ix_board_value_order", "board_value")
    op.create_index(*ORDER)
