"""What was known at an instant: changes of status, the locks and instants of standings, when edits began to count.

Revision: 0003
After: 0002
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "status_change",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_status", sa.String(), nullable=False),
        sa.Column("from_return_on", sa.Date(), nullable=True),
        sa.Column("to_status", sa.String(), nullable=False),
        sa.Column("to_return_on", sa.Date(), nullable=True),
        sa.Column("came_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_status_change_programme_id_member",
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "number", name=op.f("pk_status_change")),
    )
    _append_only("status_change")
    with op.batch_alter_table("run") as batch:
        batch.add_column(sa.Column("known_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("position", BIG, nullable=True))
    with op.batch_alter_table("revision") as batch:
        batch.add_column(sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE revision SET taken_at = at WHERE state = 'taken' AND number > 1")
    with _changeable("standing_change"):
        with op.batch_alter_table("standing_change") as batch:
            batch.add_column(sa.Column("locked", sa.Boolean(), nullable=True))
            batch.add_column(sa.Column("locked_until", sa.Date(), nullable=True))
            batch.add_column(sa.Column("at", sa.DateTime(timezone=True), nullable=True))
        op.execute(_backfill())
        with op.batch_alter_table("standing_change") as batch:
            batch.alter_column("locked", existing_type=sa.Boolean(), nullable=False)
            batch.alter_column("at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with _changeable("standing_change"), op.batch_alter_table("standing_change") as batch:
        batch.drop_column("at")
        batch.drop_column("locked_until")
        batch.drop_column("locked")
    with op.batch_alter_table("revision") as batch:
        batch.drop_column("taken_at")
    with op.batch_alter_table("run") as batch:
        batch.drop_column("position")
        batch.drop_column("known_at")
    op.drop_table("status_change")


def _backfill() -> str:
    """Older changes kept no lock, so the present one stands in; their instant is the beginning of their day."""
    begins = "day || ' 00:00:00.000000'" if _sqlite() else "day::timestamp AT TIME ZONE 'UTC'"
    present = (
        "(SELECT s.{0} FROM standing s WHERE s.programme_id = standing_change.programme_id"
        " AND s.member_id = standing_change.member_id)"
    )
    return (
        f"UPDATE standing_change SET at = {begins}, locked = coalesce({present.format('locked')}, false),"  # noqa: S608 - names of ours
        f" locked_until = {present.format('locked_until')}"
    )


def _sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _append_only(table: str) -> None:
    """Triggers by which the database itself refuses to change or delete rows of a table."""
    if _sqlite():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


@contextmanager
def _changeable(table: str) -> Iterator[None]:
    """A table without its triggers inside the block. On SQLite rebuilding it drops them without a word."""
    for verb in ("update", "delete") if _sqlite() else ("change", "truncate"):
        op.execute(f"DROP TRIGGER {table}_refuses_{verb}" + ("" if _sqlite() else f" ON {table}"))
    yield
    _append_only(table)
