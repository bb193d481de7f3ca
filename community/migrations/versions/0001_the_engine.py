"""The engine's tables, and the triggers that keep the ledger append-only.

Revision: 0001
After: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

APPEND_ONLY = ("entry", "decision", "standing_change", "record")


def append_only(table: str) -> None:
    """Triggers by which the database itself refuses to change or delete rows of a table."""
    if op.get_context().dialect.name == "sqlite":
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


def upgrade() -> None:
    op.create_table(
        "unit",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("slug", name=op.f("uq_unit_slug")),
    )
    op.create_table(
        "programme",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("unit_id", BIG, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("everybody_touched", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_programme_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("slug", name=op.f("uq_programme_slug")),
    )
    op.create_table(
        "arrival_head",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_arrival_head_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_arrival_head")),
    )
    op.create_table(
        "board_state",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("board", ORDERED, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_board_state_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "board", name=op.f("pk_board_state")),
    )
    op.create_table(
        "board_tally",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("board", ORDERED, nullable=False),
        sa.Column("value", BIG, autoincrement=False, nullable=False),
        sa.Column("members", BIG, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_board_tally_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "board", "value", name=op.f("pk_board_tally")),
    )
    op.create_table(
        "book_version",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("retroactive", sa.Boolean(), nullable=False),
        sa.Column("repriced_to", BIG, nullable=False),
        sa.Column("repriced", sa.Boolean(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_book_version_number")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_book_version_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "number", name=op.f("pk_book_version")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_ledger_head_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "member",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("programme_id", BIG, nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("folded", ORDERED, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("return_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("came_back", sa.Boolean(), nullable=False),
        sa.Column("on_boards", sa.Boolean(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> 'on_leave' OR return_on IS NOT NULL", name=op.f("ck_member_return_on")),
        sa.CheckConstraint(
            "status IN ('active', 'on_leave', 'alumni', 'left', 'removed')", name=op.f("ck_member_status")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_member_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("programme_id", "folded", name="uq_member_programme_id_folded"),
        sa.UniqueConstraint("programme_id", "id", name="uq_member_programme_id_id"),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_programme_id_country", ["programme_id", "country"], unique=False)

    op.create_table(
        "record",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("programme_id", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_record_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index("ix_record_programme_id_member_id_id", ["programme_id", "member_id", "id"], unique=False)
        batch_op.create_index("ix_record_programme_id_verb_id", ["programme_id", "verb", "id"], unique=False)

    op.create_table(
        "run",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_run_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "day", name=op.f("pk_run")),
    )
    op.create_table(
        "board_value",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("board", ORDERED, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("contributions", BIG, nullable=False),
        sa.Column("folded", ORDERED, nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_board_value_programme_id_member",
        ),
        sa.PrimaryKeyConstraint("programme_id", "board", "member_id", name=op.f("pk_board_value")),
    )
    with op.batch_alter_table("board_value", schema=None) as batch_op:
        batch_op.create_index(
            "ix_board_value_order", ["programme_id", "board", sa.literal_column("value DESC"), "folded"], unique=False
        )

    op.create_table(
        "contribution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("source", ORDERED, nullable=False),
        sa.Column("external_id", ORDERED, nullable=False),
        sa.Column("arrival", BIG, nullable=False),
        sa.Column("type", ORDERED, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("state", ORDERED, nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("price", sa.Integer(), nullable=True),
        sa.Column("priced_by", sa.Integer(), nullable=True),
        sa.Column("override", sa.Integer(), nullable=True),
        sa.Column("past_caps", sa.Boolean(), nullable=False),
        sa.Column("override_note", sa.String(), nullable=True),
        sa.Column("awards", sa.Integer(), nullable=False),
        sa.Column("award_number", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'returned', 'approved', 'rejected', 'withdrawn', 'reversed')",
            name=op.f("ck_contribution_state"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_contribution_programme_id_member",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        sa.UniqueConstraint("programme_id", "id", name="uq_contribution_programme_id_id"),
        sa.UniqueConstraint("programme_id", "source", "external_id", name="uq_contribution_programme_id_source"),
    )
    with op.batch_alter_table("contribution", schema=None) as batch_op:
        batch_op.create_index("ix_contribution_member", ["programme_id", "member_id", "occurred_on"], unique=False)
        batch_op.create_index(
            "ix_contribution_waiting",
            ["programme_id", "submitted_at"],
            unique=False,
            postgresql_where=sa.text("state = 'submitted'"),
            sqlite_where=sa.text("state = 'submitted'"),
        )

    op.create_table(
        "decision",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("from_tier", sa.String(), nullable=True),
        sa.Column("to_tier", sa.String(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("coalesce(from_tier, '') <> coalesce(to_tier, '')", name=op.f("ck_decision_step")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_decision_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "number", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_programme_id_day", ["programme_id", "day"], unique=False)

    op.create_table(
        "entry",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("kind", ORDERED, nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("type", ORDERED, nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("contributions", sa.Integer(), nullable=False),
        sa.Column("reach", BIG, nullable=False),
        sa.Column("cause", ORDERED, nullable=False),
        sa.Column("reverses", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_entry_reverses")),
        sa.CheckConstraint("kind IN ('award', 'adjustment', 'reversal')", name=op.f("ck_entry_kind")),
        sa.CheckConstraint("contributions IN (-1, 0, 1)", name=op.f("ck_entry_contributions")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_entry_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "number", name=op.f("pk_entry")),
        sa.UniqueConstraint("programme_id", "cause", name="uq_entry_programme_id_cause"),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entry_covering",
            ["programme_id", "member_id", "effective_on", "points", "contributions", "reach", "type", "number"],
            unique=False,
        )
        batch_op.create_index(
            "uq_entry_programme_id_reverses",
            ["programme_id", "reverses"],
            unique=True,
            postgresql_where=sa.text("reverses IS NOT NULL"),
            sqlite_where=sa.text("reverses IS NOT NULL"),
        )

    op.create_table(
        "leave",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("return_on", sa.Date(), nullable=False),
        sa.CheckConstraint("return_on >= first_on", name=op.f("ck_leave_days")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_leave_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "first_on", name=op.f("pk_leave")),
    )
    op.create_table(
        "standing",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("tier", ORDERED, nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("at_risk_since", sa.Date(), nullable=True),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.Column("reckoned_by", sa.Integer(), nullable=True),
        sa.Column("proposal_kind", ORDERED, nullable=True),
        sa.Column("proposal_tier", ORDERED, nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=True),
        sa.Column("declined", JSON, nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("locked_until", sa.Date(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.CheckConstraint("(at_risk_since IS NULL) = (lost_on IS NULL)", name=op.f("ck_standing_at_risk")),
        sa.CheckConstraint("(proposal_kind IS NULL) = (proposed_on IS NULL)", name=op.f("ck_standing_proposal")),
        sa.CheckConstraint("(tier IS NULL) = (since IS NULL)", name=op.f("ck_standing_since")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_standing_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", name=op.f("pk_standing")),
    )
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.create_index("ix_standing_programme_id_tier", ["programme_id", "tier"], unique=False)

    op.create_table(
        "standing_change",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("at_risk_since", sa.Date(), nullable=True),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.Column("reckoned_by", sa.Integer(), nullable=True),
        sa.Column("proposal_kind", sa.String(), nullable=True),
        sa.Column("proposal_tier", sa.String(), nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=True),
        sa.Column("declined", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_standing_change_programme_id_member",
        ),
        sa.PrimaryKeyConstraint("programme_id", "member_id", "number", name=op.f("pk_standing_change")),
    )
    op.create_table(
        "touched",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"], ["member.programme_id", "member.id"], name="fk_touched_programme_id_member"
        ),
        sa.PrimaryKeyConstraint("programme_id", "reader", "member_id", name=op.f("pk_touched")),
    )
    op.create_table(
        "revision",
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("contribution_id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'taken', 'refused', 'replaced')", name=op.f("ck_revision_state")),
        sa.ForeignKeyConstraint(
            ["programme_id", "contribution_id"],
            ["contribution.programme_id", "contribution.id"],
            name="fk_revision_programme_id_contribution",
        ),
        sa.PrimaryKeyConstraint("programme_id", "contribution_id", "number", name=op.f("pk_revision")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END$$"
        )
    for table in APPEND_ONLY:
        append_only(table)


def downgrade() -> None:
    op.drop_table("revision")
    op.drop_table("touched")
    op.drop_table("standing_change")
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.drop_index("ix_standing_programme_id_tier")

    op.drop_table("standing")
    op.drop_table("leave")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_entry_programme_id_reverses",
            postgresql_where=sa.text("reverses IS NOT NULL"),
            sqlite_where=sa.text("reverses IS NOT NULL"),
        )
        batch_op.drop_index("ix_entry_covering")

    op.drop_table("entry")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_programme_id_day")

    op.drop_table("decision")
    with op.batch_alter_table("contribution", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_contribution_waiting",
            postgresql_where=sa.text("state = 'submitted'"),
            sqlite_where=sa.text("state = 'submitted'"),
        )
        batch_op.drop_index("ix_contribution_member")

    op.drop_table("contribution")
    with op.batch_alter_table("board_value", schema=None) as batch_op:
        batch_op.drop_index("ix_board_value_order")

    op.drop_table("board_value")
    op.drop_table("run")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_programme_id_verb_id")
        batch_op.drop_index("ix_record_programme_id_member_id_id")

    op.drop_table("record")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_programme_id_country")

    op.drop_table("member")
    op.drop_table("ledger_head")
    op.drop_table("book_version")
    op.drop_table("board_tally")
    op.drop_table("board_state")
    op.drop_table("arrival_head")
    op.drop_table("programme")
    op.drop_table("unit")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
