"""Facts, version by version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column(
            "name",
            sa.Enum(
                "summary",
                "category",
                "urgency",
                "needs",
                "groups",
                "people",
                "place",
                "address",
                "caller_name",
                "phone",
                "contact",
                name="fact_name",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column(
            "origin",
            sa.Enum("machine", "person", name="origin", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("transcript_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(origin = 'person') = (user_id is not null)", name=op.f("ck_facts_person_named")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_facts_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name=op.f("fk_facts_transcript_id_transcripts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_facts_user_id_users"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )
    op.create_index("ix_facts_order_id_name", "facts", ["order_id", "name"], unique=False)
    op.create_index(op.f("ix_facts_transcript_id"), "facts", ["transcript_id"], unique=False)
    op.create_index(op.f("ix_facts_user_id"), "facts", ["user_id"], unique=False)
    op.create_index(
        "uq_facts_machine",
        "facts",
        ["order_id", "name", "transcript_id"],
        unique=True,
        postgresql_where=sa.text("origin = 'machine'"),
    )


def downgrade() -> None:
    op.drop_index("uq_facts_machine", table_name="facts", postgresql_where=sa.text("origin = 'machine'"))
    op.drop_index(op.f("ix_facts_user_id"), table_name="facts")
    op.drop_index(op.f("ix_facts_transcript_id"), table_name="facts")
    op.drop_index("ix_facts_order_id_name", table_name="facts")
    op.drop_table("facts")
