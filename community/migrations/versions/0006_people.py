"""Persons, sessions, roles, tokens, invitations; the person of a member; mails; what was asked for of late.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("key", ORDERED, nullable=False),
        sa.Column("hits", JSON, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_asked")),
    )
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asked_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", ORDERED, nullable=False),
        sa.Column("recipient", ORDERED, nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'failed')", name=op.f("ck_mail_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("cause", "recipient", name=op.f("uq_mail_cause_recipient")),
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mail_waiting",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("folded", ORDERED, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'deactivated')", name=op.f("ck_person_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("folded", name=op.f("uq_person_folded")),
    )
    op.create_table(
        "personal_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_change_person_id")),
        sa.PrimaryKeyConstraint("id", "field", name=op.f("pk_personal_change")),
    )
    with op.batch_alter_table("personal_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_personal_change_person_id"), ["person_id"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", ORDERED, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_session_digest")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", ORDERED, nullable=False),
        sa.Column("unit_id", BIG, nullable=True),
        sa.Column("programme_id", BIG, nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.CheckConstraint("role <> 'lead' OR unit_id IS NOT NULL", name=op.f("ck_role_lead")),
        sa.CheckConstraint("role IN ('lead', 'manager', 'reviewer')", name=op.f("ck_role_role")),
        sa.CheckConstraint("(unit_id IS NULL) <> (programme_id IS NULL)", name=op.f("ck_role_place")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_role_programme_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("person_id", "programme_id", "role", name=op.f("uq_role_person_id_programme_id_role")),
        sa.UniqueConstraint("person_id", "unit_id", "role", name=op.f("uq_role_person_id_unit_id_role")),
    )
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.create_index("ix_role_programme_id", ["programme_id"], unique=False)
        batch_op.create_index("ix_role_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("folded", ORDERED, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("programme_id", BIG, nullable=True),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("unit_id", BIG, nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("role_until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role <> 'lead' OR unit_id IS NOT NULL", name=op.f("ck_invitation_lead")),
        sa.CheckConstraint("role IN ('lead', 'manager', 'reviewer')", name=op.f("ck_invitation_role")),
        sa.CheckConstraint("state IN ('open', 'accepted', 'withdrawn')", name=op.f("ck_invitation_state")),
        sa.CheckConstraint("member_id IS NULL OR programme_id IS NOT NULL", name=op.f("ck_invitation_member")),
        sa.CheckConstraint(
            "role IS NULL OR unit_id IS NOT NULL OR programme_id IS NOT NULL", name=op.f("ck_invitation_role_place")
        ),
        sa.CheckConstraint("unit_id IS NULL OR programme_id IS NULL", name=op.f("ck_invitation_place")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id")),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name="fk_invitation_programme_id_member",
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_invitation_programme_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_invitation_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_folded"), ["folded"], unique=False)
        batch_op.create_index("ix_invitation_programme_id_member_id", ["programme_id", "member_id"], unique=False)
        batch_op.create_index(
            "uq_invitation_open",
            ["programme_id", "member_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open' AND member_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND member_id IS NOT NULL"),
        )

    op.create_table(
        "token",
        sa.Column("digest", ORDERED, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(purpose = 'invitation') = (invitation_id IS NOT NULL)", name=op.f("ck_token_invitation")),
        sa.CheckConstraint("(purpose IN ('set_up', 'invitation')) = (person_id IS NULL)", name=op.f("ck_token_person")),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'reset', 'verify', 'invitation', 'set_up')", name=op.f("ck_token_purpose")
        ),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_token_invitation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_token_person_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_token")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_token_person_id"), ["person_id"], unique=False)

    person = sa.Column("person_id", sa.Uuid(), nullable=True)
    if op.get_context().dialect.name == "sqlite":  # which adds a reference with its column only
        person.append_foreign_key(sa.ForeignKey("person.id"))
        op.add_column("member", person, inline_references=True)
    else:
        op.add_column("member", person)
        op.create_foreign_key("fk_member_person_id", "member", "person", ["person_id"], ["id"])
    op.create_index(
        "uq_member_person_id_programme_id",
        "member",
        ["person_id", "programme_id"],
        unique=True,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_member_person_id_programme_id", table_name="member")
    op.drop_column("member", "person_id")  # no batch: SQLite drops the table then, to which others refer

    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_person_id"))
        batch_op.drop_index(batch_op.f("ix_token_invitation_id"))

    op.drop_table("token")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_invitation_open",
            sqlite_where=sa.text("state = 'open' AND member_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'open' AND member_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_invitation_programme_id_member_id")
        batch_op.drop_index(batch_op.f("ix_invitation_folded"))

    op.drop_table("invitation")
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.drop_index("ix_role_unit_id")
        batch_op.drop_index("ix_role_programme_id")

    op.drop_table("role")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_person_id"))

    op.drop_table("session")
    with op.batch_alter_table("personal_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_personal_change_person_id"))

    op.drop_table("personal_change")
    op.drop_table("person")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_mail_waiting", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")
        )

    op.drop_table("mail")
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_asked_ends_at"))

    op.drop_table("asked")
