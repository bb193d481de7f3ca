"""Snapshots of boards, which only grow; the order of a board is an index of its own.

Revision: 0004
After: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")

KEPT = ("programme_id", "snapshot", "place", "member_id", "rank", "value", "contributions", "tier")
"""What of a place never changes: all but the country, which erasure empties."""


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("board", ORDERED, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("ledger_digest", sa.String(), nullable=False),
        sa.Column("rows", BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_snapshot_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "number", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("programme_id", "board", "first_on", "last_on", name="uq_snapshot_period"),
    )
    op.create_table(
        "snapshot_row",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("snapshot", BIG, autoincrement=False, nullable=False),
        sa.Column("place", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("rank", BIG, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("contributions", BIG, nullable=False),
        sa.Column("tier", ORDERED, nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("programme_id", "snapshot", "place", name=op.f("pk_snapshot_row")),
    )
    op.create_index("ix_snapshot_row_member", "snapshot_row", ["programme_id", "member_id", "snapshot"])
    _refuse("snapshot", "UPDATE")
    _refuse("snapshot", "DELETE")
    _refuse("snapshot_row", "DELETE")
    _refuse("snapshot_row", "UPDATE", _anything_but_emptying_the_country())
    _order_index(sa.text("value > 0"))


def downgrade() -> None:
    _order_index(None)
    op.drop_table("snapshot_row")
    op.drop_table("snapshot")


def _order_index(where: sa.TextClause | None) -> None:
    """The index in the order of a board, made anew; limited to where a query says so, it is nobody's by chance."""
    op.drop_index("ix_board_value_order", "board_value")
    columns: list[Any] = ["programme_id", "board", sa.literal_column("value DESC"), "folded"]
    op.create_index("ix_board_value_order", "board_value", columns, postgresql_where=where, sqlite_where=where)


def _sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _refuse(table: str, verb: str, when: str = "") -> None:
    """A trigger by which the database itself refuses to change or delete rows of a table; and to empty it at once."""
    name = f"{table}_refuses_{verb.lower()}"
    if _sqlite():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION refuse_change()")
    if verb == "DELETE":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _anything_but_emptying_the_country() -> str:
    differs = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in KEPT)
    return f"WHEN (NEW.country IS NOT NULL OR {changed})"
