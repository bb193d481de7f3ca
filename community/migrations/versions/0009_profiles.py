"""Profiles, pictures, applications; programmes that are open; the mark of a demonstration.

Revision: 0009
After: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.String(collation="C").with_variant(sa.String(collation="BINARY"), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FIELDS = ("listed", "picture", "biography", "country", "languages", "links", "expertise")


def _member(name: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("programme_id", BIG, autoincrement=False, nullable=False),
        sa.Column("member_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id", "member_id"],
            ["member.programme_id", "member.id"],
            name=op.f(f"fk_{name}_programme_id_member"),
        ),
    ]


def upgrade() -> None:
    op.add_column("programme", sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "profile",
        *_member("profile"),
        sa.Column("biography", sa.Text(), nullable=True),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("links", JSON, nullable=False),
        *(sa.Column(f"{one}_to", sa.String(), nullable=False) for one in FIELDS),
        sa.PrimaryKeyConstraint("programme_id", "member_id", name=op.f("pk_profile")),
        *(
            sa.CheckConstraint(f"{one}_to IN ('public', 'members', 'managers')", name=op.f(f"ck_profile_{one}_to"))
            for one in FIELDS
        ),
    )
    op.create_table(
        "expertise",
        *_member("expertise"),
        sa.Column("folded", ORDERED, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "folded", "member_id", name=op.f("pk_expertise")),
    )
    op.create_index("ix_expertise_member", "expertise", ["programme_id", "member_id"], unique=False)
    op.create_table(
        "picture",
        *_member("picture"),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "member_id", name=op.f("pk_picture")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", BIG, nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("folded", ORDERED, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name=op.f("ck_application_state")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_application_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
    )
    op.create_index(
        "ix_application_programme_id_state_id", "application", ["programme_id", "state", "id"], unique=False
    )
    op.create_index(
        "uq_application_open",
        "application",
        ["programme_id", "folded"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "demonstration",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("players", JSON, nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_demonstration_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_demonstration")),
    )


def downgrade() -> None:
    for name in ("demonstration", "application", "picture", "expertise", "profile"):
        op.drop_table(name)
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.drop_column("is_open")
