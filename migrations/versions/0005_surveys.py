"""The callback survey."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "calling",
                "listening",
                "person",
                "answered",
                "refused",
                "not_reached",
                "cancelled",
                name="round_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "resolved",
            sa.Enum("yes", "partly", "no", name="resolved", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column(
            "satisfied",
            sa.Enum(
                "satisfied",
                "neutral",
                "dissatisfied",
                name="satisfied",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "not_contacted",
                "not_resolved",
                "only_partly",
                "too_slow",
                "attitude",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("wants_person", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'answered' or resolved is not null or satisfied is not null",
            name=op.f("ck_survey_rounds_answered_says"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_survey_rounds_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_survey_rounds_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_rounds")),
        sa.UniqueConstraint("order_id", "resolution", name=op.f("uq_survey_rounds_order_id_resolution")),
    )
    op.create_index(
        "ix_survey_rounds_person",
        "survey_rounds",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("state = 'person'"),
    )
    op.create_index(op.f("ix_survey_rounds_user_id"), "survey_rounds", ["user_id"], unique=False)
    op.create_table(
        "survey_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("attempt_number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "dialling",
                "ringing",
                "talking",
                "answered",
                "spoken",
                "no_key",
                "hung_up",
                "refused",
                "person_wanted",
                "no_answer",
                "busy",
                "failed",
                "machine",
                "cancelled",
                name="attempt_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "step",
            sa.Enum(
                "ask_resolved",
                "ask_resolved_again",
                "speak_freely",
                "ask_satisfied",
                "ask_satisfied_again",
                "ask_reason",
                "thank",
                "will_redo",
                "person_will_ring",
                "never_again",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dialled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_survey_attempts_call_id_calls"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["survey_rounds.id"],
            name=op.f("fk_survey_attempts_round_id_survey_rounds"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_attempts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_survey_attempts_call_id")),
        sa.UniqueConstraint("round_id", "attempt_number", name=op.f("uq_survey_attempts_round_id_attempt_number")),
        sa.UniqueConstraint("token", name=op.f("uq_survey_attempts_token")),
    )
    op.create_table(
        "opt_outs",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["survey_attempts.id"],
            name=op.f("fk_opt_outs_attempt_id_survey_attempts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_opt_outs")),
    )
    op.create_index(op.f("ix_opt_outs_attempt_id"), "opt_outs", ["attempt_id"], unique=False)
    op.create_table(
        "survey_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "ask_resolved",
                "ask_resolved_again",
                "speak_freely",
                "ask_satisfied",
                "ask_satisfied_again",
                "ask_reason",
                "thank",
                "will_redo",
                "person_will_ring",
                "never_again",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "question",
            sa.Enum(
                "resolved",
                "satisfied",
                "reason",
                "free",
                name="question",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "key",
                "voice",
                "nothing",
                "wrong_key",
                name="answer_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=8), nullable=True),
        sa.Column("recording_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["survey_attempts.id"],
            name=op.f("fk_survey_answers_attempt_id_survey_attempts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_survey_answers_recording_id_recordings"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answers")),
        sa.UniqueConstraint("attempt_id", "step", name=op.f("uq_survey_answers_attempt_id_step")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_survey_answers_recording_id")),
    )


def downgrade() -> None:
    op.drop_table("survey_answers")
    op.drop_index(op.f("ix_opt_outs_attempt_id"), table_name="opt_outs")
    op.drop_table("opt_outs")
    op.drop_table("survey_attempts")
    op.drop_index(op.f("ix_survey_rounds_user_id"), table_name="survey_rounds")
    op.drop_index("ix_survey_rounds_person", table_name="survey_rounds", postgresql_where=sa.text("state = 'person'"))
    op.drop_table("survey_rounds")
