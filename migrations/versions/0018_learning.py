"""Rounds of learning from reviewed orders, which of them is in use, and local words that reviewers typed."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WORKS = (
    "fetch_recording",
    "transcribe_recording",
    "retranscribe_recording",
    "understand_transcript",
    "delete_at_carrier",
    "send_message",
    "dial_attempt",
    "adopt_recording",
)
_ACTIONS = (
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "recording_heard",
    "transcript_seen",
    "transcript_corrected",
    "fact_confirmed",
    "number_seen",
    "order_moved",
    "work_replayed",
    "call_handled",
    "user_created",
    "password_set",
    "organisation_imported",
)


def upgrade() -> None:
    _hold_to("outbox", "work", (*_WORKS, "learn"))
    _hold_at_least("audit_log", "action", (*_ACTIONS, "learning_asked", "understanding_chosen", "word_decided"))
    op.create_index(
        "ix_order_events_triaged", "order_events", ["at", "order_id"], postgresql_where=sa.text("move = 'triage'")
    )
    op.create_table(
        "learning_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ending",
            sa.Enum(
                "better",
                "not_better",
                "too_few",
                "failed",
                name="learning_end",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("examples", sa.Integer(), server_default="0", nullable=False),
        sa.Column("exam", sa.Integer(), server_default="0", nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("weights", sa.Text(), nullable=True),
        sa.CheckConstraint("(ending is null) = (ended_at is null)", name=op.f("ck_learning_rounds_ended_somehow")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_learning_rounds_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_rounds")),
    )
    op.create_index(op.f("ix_learning_rounds_user_id"), "learning_rounds", ["user_id"], unique=False)
    op.create_table(
        "local_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("place", "drug", name="word_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "accepted",
                "rejected",
                name="word_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'proposed') = (decided_at is null)", name=op.f("ck_local_words_decided")),
        sa.CheckConstraint(
            "(unit_id is not null) = (state = 'accepted' and kind = 'place')", name=op.f("ck_local_words_place_of_unit")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_local_words_order_id_orders"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_local_words_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_local_words_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_words")),
        sa.UniqueConstraint("word", name=op.f("uq_local_words_word")),
    )
    op.create_index(op.f("ix_local_words_order_id"), "local_words", ["order_id"], unique=False)
    op.create_index(op.f("ix_local_words_unit_id"), "local_words", ["unit_id"], unique=False)
    op.create_index(op.f("ix_local_words_user_id"), "local_words", ["user_id"], unique=False)
    op.create_table(
        "understanding_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["learning_rounds.id"],
            name=op.f("fk_understanding_uses_round_id_learning_rounds"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_understanding_uses_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_understanding_uses")),
    )
    op.create_index(op.f("ix_understanding_uses_round_id"), "understanding_uses", ["round_id"], unique=False)
    op.create_index(op.f("ix_understanding_uses_user_id"), "understanding_uses", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_understanding_uses_user_id"), table_name="understanding_uses")
    op.drop_index(op.f("ix_understanding_uses_round_id"), table_name="understanding_uses")
    op.drop_table("understanding_uses")
    op.drop_index(op.f("ix_local_words_user_id"), table_name="local_words")
    op.drop_index(op.f("ix_local_words_unit_id"), table_name="local_words")
    op.drop_index(op.f("ix_local_words_order_id"), table_name="local_words")
    op.drop_table("local_words")
    op.drop_index(op.f("ix_learning_rounds_user_id"), table_name="learning_rounds")
    op.drop_table("learning_rounds")
    # What the audit log says stays, and so does the list of what it may say.
    op.drop_index("ix_order_events_triaged", "order_events")
    op.execute("delete from outbox where work = 'learn'")
    _hold_to("outbox", "work", _WORKS)


def _hold_to(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, sa.column(column).in_(values))


def _hold_at_least(table: str, column: str, values: tuple[str, ...]) -> None:
    """On the way up again the list may be longer already, by what later revisions brought and rows hold."""
    written = op.get_bind().scalar(
        sa.text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"),
        {"name": op.f(f"ck_{table}_{column}")},
    )
    before = re.findall(r"'(\w+)'", written or "")
    _hold_to(table, column, (*values, *(value for value in before if value not in values)))
